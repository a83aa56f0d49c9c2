"""One logistic output and two softmax outputs say the same, and learn the same."""

import numpy as np
import torch
from torch.nn import functional

from lessons import logistic

RANDOM = np.random.default_rng(5)
OUTPUTS = RANDOM.normal(scale=4, size=(200, 2))
DOG = RANDOM.integers(0, 2, 200)
Z = OUTPUTS[:, 1] - OUTPUTS[:, 0]


def test_softmax_of_two_is_sigmoid_of_their_difference() -> None:
    np.testing.assert_allclose(logistic.softmax(OUTPUTS)[:, 1], logistic.sigmoid(Z), rtol=1e-12)


def test_cross_entropy_of_two_is_binary_cross_entropy_of_their_difference() -> None:
    two = logistic.cross_entropy(OUTPUTS, DOG)
    np.testing.assert_allclose(two, logistic.binary_cross_entropy(Z, DOG), atol=1e-14)


def test_both_are_torchs() -> None:
    one = functional.binary_cross_entropy_with_logits(
        torch.from_numpy(Z), torch.from_numpy(DOG).double(), reduction="none"
    )
    two = functional.cross_entropy(
        torch.from_numpy(OUTPUTS), torch.from_numpy(DOG), reduction="none"
    )
    np.testing.assert_allclose(logistic.binary_cross_entropy(Z, DOG), one, atol=1e-14)
    np.testing.assert_allclose(logistic.cross_entropy(OUTPUTS, DOG), two, atol=1e-14)


def test_two_outputs_learn_as_one_with_twice_the_rate() -> None:
    x = RANDOM.normal(size=(200, 10))
    two = logistic.train_two(x, DOG, rate=0.1, steps=100)
    one = logistic.train_one(x, DOG, rate=0.2, steps=100)
    np.testing.assert_allclose(two[:, 1] - two[:, 0], one, atol=1e-12)
    np.testing.assert_allclose(two[:, 1], -two[:, 0], atol=1e-12)


def test_gradient_of_two_outputs_is_the_one_there_and_back() -> None:
    outputs = torch.from_numpy(OUTPUTS).requires_grad_()
    z = torch.from_numpy(Z).requires_grad_()
    functional.cross_entropy(outputs, torch.from_numpy(DOG)).backward()
    functional.binary_cross_entropy_with_logits(z, torch.from_numpy(DOG).double()).backward()
    torch.testing.assert_close(outputs.grad, torch.stack([-z.grad, z.grad], 1))
