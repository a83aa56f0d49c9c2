"""Rows to tensors: pictures as the service sees them, and as training varies them."""

import gc
import hashlib
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset, Sampler

from data.manifest import read_bytes
from data.picture import Row
from service.artifact import LABELS
from service.cores import usable_cores
from service.images import network_input
from training.augmentation import Augmentation
from training.decoded import Decoder

Batch = tuple[Tensor, Tensor]  # ([B,] 224, 224, 3) uint8 RGB, and ([B]) float32: 1 for a dog
Key = tuple[int, int]  # epoch and index


class View(NamedTuple):
    """Something done to a picture after the service's own preprocessing.

    name: tells views apart in a cache; empty for the picture as it is.
    change: (224, 224, 3) uint8 and the file's sha256, which decides all that is random,
        to (224, 224, 3) uint8.
    """

    name: str
    change: Callable[[np.ndarray, str], np.ndarray]


def unchanged(pixels: np.ndarray, _: str) -> np.ndarray:
    """(224, 224, 3) uint8 as it is; named, as what goes to a spawned worker must be."""
    return pixels


AS_IS = View("", unchanged)


class CentralSquares(Dataset[Batch]):
    """Pictures exactly as the service sees them, or a view of each."""

    def __init__(self, rows: Sequence[Row], view: View = AS_IS) -> None:
        self.rows = rows
        self.view = view

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> Batch:
        row = self.rows[index]
        pixels = self.view.change(network_input(read_bytes(row)), row.sha256)
        return torch.from_numpy(pixels.copy()), is_dog(row)


class AugmentedPictures(Dataset[Batch]):
    """Training pictures, another view of each in every epoch.

    An item's key is `(epoch, index)`, and its random numbers follow from that and the
    seed alone: no two epochs, pictures or workers draw the same, and neither the number
    of workers nor an interruption changes what is drawn.
    """

    def __init__(
        self, rows: Sequence[Row], seed: int, augmentation: Augmentation, decoder: Decoder
    ) -> None:
        self.rows = rows
        self.seed = seed
        self.augmentation = augmentation
        self.decoder = decoder

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, key: Key) -> Batch:
        epoch, index = key
        row = self.rows[index]
        view = self.augmentation(self.decoder(row), stable_seed(self.seed, epoch, index))
        return torch.from_numpy(view), is_dog(row)


class EpochSampler(Sampler[Key]):
    """Shuffles by seed and epoch, and hands the epoch on to the data set in the key."""

    def __init__(self, length: int, seed: int, epoch: int = 0) -> None:
        """epoch: the one that comes first, counted from 0."""
        self.length = length
        self.seed = seed
        self.epoch = epoch

    def set_epoch(self, epoch: int) -> None:
        """Lightning calls this before each epoch, after a resume too."""
        self.epoch = epoch

    def __len__(self) -> int:
        return self.length

    def __iter__(self) -> Iterator[Key]:
        order = np.random.default_rng([self.seed, self.epoch]).permutation(self.length)
        return iter([(self.epoch, int(index)) for index in order])


def default_workers(devices: int = 1) -> int:
    """Processes that decode for each of so many devices: at least one, and one core is left."""
    return max(1, usable_cores() // devices - 1)


def begin_worker(_: int) -> None:
    """For a loader's `worker_init_fn`: never collect what a worker inherited.

    Where that includes a dead tensor on a GPU, freeing it ends the worker: CUDA does not work in
    a forked process.
    """
    gc.freeze()


def is_dog(row: Row) -> Tensor:
    """1.0 for a dog, 0.0 for anything else; a float32 scalar."""
    return torch.tensor(float(row.label == LABELS[1]))


def targets(rows: Sequence[Row]) -> Tensor:
    """(N,) float32, `is_dog` of each."""
    return torch.tensor([float(is_dog(row)) for row in rows])


def stable_seed(*parts: int) -> int:
    """A 32-bit seed from integers; the same in every process and version."""
    text = ",".join(map(str, parts)).encode()
    return int.from_bytes(hashlib.sha256(text).digest()[:4], "big")
