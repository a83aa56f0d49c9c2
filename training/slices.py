"""One batch for several processes: each takes its slice of it."""

import math
from collections.abc import Iterable, Iterator, Sequence, Sized
from typing import Any, TypeVar, cast

import torch
from torch.utils.data import BatchSampler, Sampler, default_collate

from service.images import SIDE
from training.pictures import Batch

Key = TypeVar("Key")


class Slices(Sampler[list[Key]]):
    """The slices of a sampler's batches that belong to one process.

    Batch k is the same pictures for any number of processes, and goes round among them.
    All have as many slices as there are batches; where a batch has fewer pictures than
    there are processes, the slices of some are empty.
    """

    def __init__(
        self, sampler: Sampler[Key], batch_size: int, rank: int = 0, count: int = 1
    ) -> None:
        """
        Args:
            sampler: of all pictures, the same in all processes.
            batch_size: of all processes together.
            rank: of this process, of `count`.
        """
        self.sampler = sampler  # by this name Lightning finds it, to tell it the epoch
        self.batch_size = batch_size
        self.rank = rank
        self.count = count
        # Typed for indices, it takes whatever a sampler gives.
        self._batches: Iterable[list[Any]] = BatchSampler(cast(Any, sampler), batch_size, False)

    def __len__(self) -> int:
        return math.ceil(self._n_pictures() / self.batch_size)

    def __iter__(self) -> Iterator[list[Key]]:
        return (batch[self.rank :: self.count] for batch in self._batches)

    def whole(self, index: int) -> int:
        """Pictures of a batch in all processes together."""
        return min(self.batch_size, self._n_pictures() - index * self.batch_size)

    def _n_pictures(self) -> int:
        return len(cast(Sized, self.sampler))  # torch asks no sampler for a length; ours have one


def collated(items: Sequence[Batch]) -> Batch:
    """Pictures to a batch of them, which may be none."""
    if not items:
        return torch.empty(0, SIDE, SIDE, 3, dtype=torch.uint8), torch.empty(0)
    pixels, is_dog = default_collate(list(items))
    return pixels, is_dog
