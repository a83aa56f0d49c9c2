"""How fast models are beside each other, on this machine, now."""

import time
from collections.abc import Callable, Sequence

import numpy as np

from service.engine import Scores

REPEATS = 9


def pictures_per_s(
    engines: Sequence[Callable[[np.ndarray], Scores]], pixels: np.ndarray
) -> list[float]:
    """Median speed of each, measured in turns: what else the machine does hits all alike.

    Args:
        pixels: (B, 224, 224, 3) uint8; the batch that every call gets.
    """
    for engine in engines:
        engine(pixels)  # the first call of a batch size compiles
    seconds = np.empty((REPEATS, len(engines)))
    for i in range(REPEATS):
        turn = range(len(engines)) if i % 2 == 0 else reversed(range(len(engines)))
        for e in turn:  # who goes first changes too
            start = time.perf_counter()
            engines[e](pixels)
            seconds[i, e] = time.perf_counter() - start
    medians: list[float] = (len(pixels) / np.median(seconds, axis=0)).tolist()
    return medians
