"""Comparisons of a challenger with a champion, made from what each has right."""

import numpy as np

from training.comparison import Contestant, Figures, figures
from training.timing import Speeds

Cost = tuple[float, int]  # pictures a second and bytes
SAME = (100.0, 1000)
NONE = np.empty(0, dtype=bool)


def outcomes(right: int, wrong: int) -> np.ndarray:
    """(right + wrong,) bool: first the pictures that a model has right, then the others."""
    return np.array([True] * right + [False] * wrong)


def against(
    ours: np.ndarray,
    theirs: np.ndarray,
    cost: Cost = SAME,
    rejected: tuple[np.ndarray, np.ndarray] = (NONE, NONE),
) -> Figures:
    """Ours may cost otherwise; the speeds of the middle turns lie 5 % around the median."""
    n, speed = len(ours), cost[0] / SAME[0]
    return figures(
        "catdog:old",
        Contestant(ours, np.where(ours, 0.1, 2.0), rejected[0], cost[1]),
        Contestant(theirs, np.where(theirs, 0.1, 2.0), rejected[1], SAME[1]),
        Speeds(cost[0], SAME[0], 0.95 * speed, 1.05 * speed),
        of_each={"cat": n // 2, "dog": n - n // 2},
        seen=0,
    )
