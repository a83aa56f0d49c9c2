"""Handwritten digits: a multilayer perceptron against a convolutional network."""
