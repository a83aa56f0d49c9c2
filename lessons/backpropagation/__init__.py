"""Backpropagation through a small convolutional network, by hand."""
