"""Backpropagation through a small convolutional network, by hand."""

from lessons.backpropagation.page import lesson

__all__ = ["lesson"]
