"""One logistic output against two softmax outputs: the same thing, said twice.

With p = sigmoid(z), binary cross-entropy is -[y log p + (1 - y) log(1 - p)]. Softmax of
two outputs (a, b) gives the second class e^b / (e^a + e^b) = sigmoid(b - a): only the
difference counts, so one output z = b - a says as much, with half of the last layer.
"""

import numpy as np


def sigmoid(z: np.ndarray) -> np.ndarray:
    """Log-odds to the probability of the second class, a dog."""
    probability: np.ndarray = 1 / (1 + np.exp(-z))
    return probability


def binary_cross_entropy(z: np.ndarray, dog: np.ndarray) -> np.ndarray:
    """Surprise, in nats, at each answer.

    Args:
        z: (N,) log-odds.
        dog: (N,) 1 for a dog, 0 for a cat.
    """
    p = sigmoid(z)
    surprise: np.ndarray = -(dog * np.log(p) + (1 - dog) * np.log(1 - p))
    return surprise


def softmax(outputs: np.ndarray) -> np.ndarray:
    """(N, 2) outputs to (N, 2) probabilities."""
    powers = np.exp(outputs)
    probabilities: np.ndarray = powers / powers.sum(1, keepdims=True)
    return probabilities


def cross_entropy(outputs: np.ndarray, dog: np.ndarray) -> np.ndarray:
    """Surprise at each answer of two outputs: (N, 2) and (N,) integers to (N,)."""
    surprise: np.ndarray = -np.log(softmax(outputs)[np.arange(len(dog)), dog])
    return surprise


def train_one(x: np.ndarray, dog: np.ndarray, rate: float, steps: int) -> np.ndarray:
    """Gradient descent on w of z = x w, from 0.

    Args:
        x: (N, C).
    Returns:
        (C,)
    """
    w = np.zeros(x.shape[1])
    for _ in range(steps):
        w -= rate * x.T @ (sigmoid(x @ w) - dog) / len(x)
    return w


def train_two(x: np.ndarray, dog: np.ndarray, rate: float, steps: int) -> np.ndarray:
    """The same with two outputs x W: (C, 2), from 0."""
    w = np.zeros((x.shape[1], 2))
    truth = np.stack([1 - dog, dog], 1)
    for _ in range(steps):
        w -= rate * x.T @ (softmax(x @ w) - truth) / len(x)
    return w
