"""The two networks of the lecture, as layers in a row."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import nn

from lessons.counting import parameters

SHAPE = (1, 28, 28)  # of one digit
DIGITS = 10


def perceptron() -> nn.Sequential:
    """Every pixel to every one of 784 neurons, and these to 10: 784-784-10."""
    pixels = SHAPE[1] * SHAPE[2]
    return nn.Sequential(
        nn.Flatten(),
        nn.Linear(pixels, pixels),
        nn.ReLU(),
        nn.Linear(pixels, DIGITS),
    )


def convnet() -> nn.Sequential:
    """30 kernels of 5 x 5, then 15 of 3 x 3, without padding; then three dense layers."""
    return nn.Sequential(
        nn.Conv2d(1, 30, kernel_size=5),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(30, 15, kernel_size=3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Dropout(0.2),
        nn.Flatten(),
        nn.Linear(15 * 5 * 5, 128),
        nn.ReLU(),
        nn.Linear(128, 50),
        nn.ReLU(),
        nn.Linear(50, DIGITS),
    )


NETWORKS: dict[str, Callable[[], nn.Sequential]] = {"perceptron": perceptron, "convnet": convnet}


class Step(NamedTuple):
    """What a digit goes through; pooling, dropout and the like count, too.

    name: such as `convolution, 30 of 5 x 5`.
    shape: of what it puts out for one digit.
    parameters: that it learns, biases included.
    """

    name: str
    shape: tuple[int, ...]
    parameters: int


def steps(network: nn.Sequential) -> list[Step]:
    """All of a network, in order."""
    was_training = network.training
    network.eval()
    x = torch.zeros(1, *SHAPE)
    found = []
    for module in network:
        x = module(x)
        found.append(Step(_name(module), tuple(x.shape[1:]), parameters(module)))
    network.train(was_training)
    return found


def _name(module: nn.Module) -> str:
    match module:
        case nn.Conv2d():
            side = module.kernel_size[0]
            return f"convolution, {module.out_channels} kernels of {side} × {side}"
        case nn.MaxPool2d():
            return f"max pooling, {module.kernel_size} × {module.kernel_size}"
        case nn.Linear():
            return f"dense, {module.out_features}"
        case nn.Dropout():
            return f"dropout, {module.p:g}"
        case nn.Flatten():
            return "flatten"
    return type(module).__name__  # ReLU
