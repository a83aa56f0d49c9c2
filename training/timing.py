"""How fast two models are beside each other, on this machine, now."""

import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from service.engine import Scores

TURNS = 9
LEAST_S = 0.1  # a turn lasts so long at least: what takes a millisecond is called often

Scorer = Callable[[np.ndarray], Scores]


class Speeds(NamedTuple):
    """Pictures a second of two models, and how many times as fast the first one is.

    first, second: medians of the turns.
    ratio_low, ratio_high: the middle half of the turns lies between. What else the machine
        does falls on both models of a turn, but not equally: on two busy cores the ratio of
        the medians of a tiny model to itself was over 1.2 or under 1 / 1.2 in 11 of 60
        measurements, the whole middle half once.
    """

    first: float
    second: float
    ratio_low: float
    ratio_high: float


def compare(first: Scorer, second: Scorer, pixels: np.ndarray) -> Speeds:
    """Measure two models in turns.

    Args:
        pixels: (B, 224, 224, 3) uint8; the batch that every call gets.
    """
    engines = (first, second)
    for engine in engines:
        engine(pixels)  # the first call of a batch size compiles
    speeds = np.empty((TURNS, 2))
    for turn in range(TURNS):
        for e in (0, 1) if turn % 2 == 0 else (1, 0):  # who goes first changes too
            speeds[turn, e] = _calls_per_s(engines[e], pixels) * len(pixels)
    low, high = np.quantile(speeds[:, 0] / speeds[:, 1], [0.25, 0.75])
    medians = np.median(speeds, axis=0)
    return Speeds(float(medians[0]), float(medians[1]), float(low), float(high))


def _calls_per_s(engine: Scorer, pixels: np.ndarray) -> float:
    start, calls = time.perf_counter(), 0
    while (elapsed := time.perf_counter() - start) < LEAST_S:
        engine(pixels)
        calls += 1
    return calls / elapsed
