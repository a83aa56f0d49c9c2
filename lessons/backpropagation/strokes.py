"""Pictures to learn from: a short stroke, `\\` or `/`, somewhere on 5 x 5 pixels."""

from typing import NamedTuple

import numpy as np

from lessons.backpropagation.network import Parameters, backward, forward, loss, step

SIDE = 5
BACKSLASH, SLASH = 0, 1
STROKES = np.array([[[1.0, 0.0], [0.0, 1.0]], [[0.0, 1.0], [1.0, 0.0]]])  # by label


class Learning(NamedTuple):
    """What gradient steps did.

    losses: before the first step and after each.
    parameters: after the last.
    right: the share of pictures that are told right then.
    """

    losses: list[float]
    parameters: Parameters
    right: float


def strokes() -> tuple[np.ndarray, np.ndarray]:
    """Both strokes at each of the 16 places: pictures (32, 1, 5, 5) and labels (32,)."""
    places = [(y, x) for y in range(SIDE - 1) for x in range(SIDE - 1)]
    pictures = np.zeros((2, len(places), 1, SIDE, SIDE))
    for label, stroke in enumerate(STROKES):
        for i, (y, x) in enumerate(places):
            pictures[label, i, 0, y : y + 2, x : x + 2] = stroke
    labels = np.repeat([float(BACKSLASH), float(SLASH)], len(places))
    return pictures.reshape(-1, 1, SIDE, SIDE), labels


def untrained(kernels: int, seed: int) -> Parameters:
    """Small random weights, for 5 x 5 pictures and 2 x 2 kernels."""
    random = np.random.default_rng(seed)
    pooled = ((SIDE - 1) // 2) ** 2
    return Parameters(
        kernels=random.normal(0, 0.5, (kernels, 1, 2, 2)),
        biases=np.zeros(kernels),
        weights=random.normal(0, 0.5, kernels * pooled),
        bias=0.0,
    )


def learn(p: Parameters, steps: int, rate: float) -> Learning:
    """Gradient descent on all strokes at once."""
    pictures, labels = strokes()
    losses = [loss(pictures, labels, p)]
    for _ in range(steps):
        p = step(p, backward(forward(pictures, p), labels, p).parameters, rate)
        losses.append(loss(pictures, labels, p))
    answers = forward(pictures, p).probabilities > 0.5
    return Learning(losses, p, float(np.mean(answers == labels)))
