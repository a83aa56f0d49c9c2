"""What brings the service to where it runs. Nothing else leans on it."""
