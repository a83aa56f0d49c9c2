"""What a run leaves for people: report.html, and report.json with the same figures.

`write` does it all. The figures are made by the modules named after them, put together in
`findings`, drawn in `charts` and laid out in `page`.
"""

from training.report.writing import write

__all__ = ["write"]
