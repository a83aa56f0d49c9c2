"""The starter set's cats and dogs as tensors."""

from functools import cache
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn.functional import interpolate

from data import starter
from data.picture import TEST, Candidate

SIDE = starter.SIDE  # pixels
CAT, DOG = 0, 1  # the label is the answer to: is it a dog?


class Pictures(NamedTuple):
    """N pictures and what they show.

    images: (N, 3, 32, 32) float32, RGB, -1 to 1.
    labels: (N,) float32, `CAT` or `DOG`.
    """

    images: Tensor
    labels: Tensor

    def take(self, index: slice | Tensor) -> "Pictures":
        """Some of them."""
        return Pictures(self.images[index], self.labels[index])


@cache
def pictures() -> tuple[Pictures, Pictures]:
    """The package's own parts: 1,600 pictures to train on and 400 to judge by.

    In each, first all cats, then all dogs. Two of the 1,600 show what a test picture shows
    (tests/data/test_starter.py); they favour all that is compared here alike. Fetched on
    first use.

    Raises:
        DataError: the package cannot be had.
    """
    candidates = starter.candidates()
    return (
        _read([c for c in candidates if c.split != TEST]),
        _read([c for c in candidates if c.split == TEST]),
    )


def _read(candidates: list[Candidate]) -> Pictures:
    pixels = np.stack([np.asarray(Image.open(c.path).convert("RGB")) for c in candidates])
    images = torch.from_numpy(pixels).permute(0, 3, 1, 2).contiguous().float() / 127.5 - 1
    labels = torch.tensor([float(DOG if c.label == "dog" else CAT) for c in candidates])
    return Pictures(images, labels)


def enlarged(images: Tensor, side: int) -> Tensor:
    """(N, 3, H, H) to (N, 3, side, side)."""
    if images.shape[-1] == side:
        return images
    return interpolate(images, size=side, mode="bilinear", antialias=True)
