"""AlexNet: what each of its parts does, by training without it."""

from lessons.alexnet.figures import Figures
from lessons.alexnet.page import lesson
from lessons.alexnet.training import train

__all__ = ["Figures", "lesson", "train"]
