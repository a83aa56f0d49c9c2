"""Handwritten digits: a multilayer perceptron against a convolutional network."""

from lessons.digits.figures import Figures
from lessons.digits.page import lesson
from lessons.digits.training import train

__all__ = ["Figures", "lesson", "train"]
