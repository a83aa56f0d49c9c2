"""Deeper is not better by itself: plain networks against the same ones with shortcuts."""

from lessons.shortcuts.figures import Figures
from lessons.shortcuts.page import lesson
from lessons.shortcuts.training import train

__all__ = ["Figures", "lesson", "train"]
