"""What a run leaves for people: report.html, and report.json with the same figures."""
