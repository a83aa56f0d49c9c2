"""Deeper is not better by itself: plain networks against the same ones with shortcuts."""
