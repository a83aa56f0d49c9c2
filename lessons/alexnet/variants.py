"""AlexNet, and the same with one thing done otherwise."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor, nn

from lessons.alexnet.figures import WHOLE
from lessons.alexnet.network import alexnet, centre, crop_and_flip
from lessons.pets.classifier import MakeOptimizer

sgd = partial(torch.optim.SGD, lr=0.02, momentum=0.9, weight_decay=5e-4)


class Variant(NamedTuple):
    """AlexNet with one thing done otherwise."""

    make: Callable[[], nn.Module] = alexnet
    make_optimizer: MakeOptimizer = sgd
    augment: Callable[[Tensor], Tensor] = crop_and_flip


VARIANTS = {
    WHOLE: Variant(),
    "tanh instead of ReLU": Variant(make=partial(alexnet, activation=nn.Tanh)),
    "without dropout": Variant(make=partial(alexnet, dropout=0)),
    "SGD without momentum": Variant(make_optimizer=partial(sgd, momentum=0)),
    "Adam instead of SGD, rate 0.001": Variant(make_optimizer=partial(torch.optim.Adam, lr=1e-3)),
    "pooling 2 x 2, not overlapping": Variant(make=partial(alexnet, overlapping=False)),
    "without crops and mirroring": Variant(augment=centre),
    "without convolutions 3 and 4": Variant(make=partial(alexnet, middle=False)),
    "without hidden dense layers": Variant(make=partial(alexnet, hidden=False)),
}
