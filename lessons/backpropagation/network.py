"""A convolutional network in four layers: forward, backward, and a step downhill."""

from typing import NamedTuple

import numpy as np

from lessons.backpropagation import layers
from lessons.logistic import sigmoid


class Parameters(NamedTuple):
    """What is learned; and likewise the gradient of the loss by each.

    kernels: (F, 1, K, K).
    biases: (F,), of the kernels.
    weights: (F * H' * W' / 4,), of the dense layer.
    bias: of the dense layer.
    """

    kernels: np.ndarray
    biases: np.ndarray
    weights: np.ndarray
    bias: float


class Trace(NamedTuple):
    """Everything that was computed on the way forward, kept for the way back.

    pictures: (N, 1, H, W). maps: (N, F, H', W'). rectified: the same. pooled: half as high
    and wide. logits: (N,). probabilities: (N,), of label 1.
    """

    pictures: np.ndarray
    maps: np.ndarray
    rectified: np.ndarray
    pooled: np.ndarray
    logits: np.ndarray
    probabilities: np.ndarray


class Gradients(NamedTuple):
    """Of the loss, by what each layer was given, and by the parameters."""

    pictures: np.ndarray
    maps: np.ndarray
    rectified: np.ndarray
    pooled: np.ndarray
    logits: np.ndarray
    parameters: Parameters


def forward(pictures: np.ndarray, p: Parameters) -> Trace:
    """Pictures (N, 1, H, W) to the probability of label 1."""
    maps = layers.convolve(pictures, p.kernels, p.biases)
    rectified = layers.rectify(maps)
    pooled = layers.pool(rectified)
    logits = layers.weigh(pooled, p.weights, p.bias)
    return Trace(pictures, maps, rectified, pooled, logits, sigmoid(logits))


def backward(trace: Trace, labels: np.ndarray, p: Parameters) -> Gradients:
    """The same way back, from the loss to the pictures."""
    logits = layers.logistic_loss_back(trace.logits, labels)
    pooled, weights, bias = layers.weigh_back(logits, trace.pooled, p.weights)
    rectified = layers.pool_back(pooled, trace.rectified)
    maps = layers.rectify_back(rectified, trace.maps)
    pictures, kernels, biases = layers.convolve_back(maps, trace.pictures, p.kernels)
    by_parameters = Parameters(kernels, biases, weights, bias)
    return Gradients(pictures, maps, rectified, pooled, logits, by_parameters)


def step(p: Parameters, gradient: Parameters, rate: float) -> Parameters:
    """Each parameter a little against its gradient."""
    return Parameters(
        kernels=p.kernels - rate * gradient.kernels,
        biases=p.biases - rate * gradient.biases,
        weights=p.weights - rate * gradient.weights,
        bias=p.bias - rate * gradient.bias,
    )


def loss(pictures: np.ndarray, labels: np.ndarray, p: Parameters) -> float:
    """Of pictures (N, 1, H, W) and labels (N,), on average, in nats."""
    return layers.logistic_loss(forward(pictures, p).logits, labels)
