"""Two models on the same pictures: what the pairs of answers tell."""

from typing import NamedTuple

import numpy as np
from scipy.stats import binom

RESAMPLES = 10_000
SEED = 0


class Pairs(NamedTuple):
    """How many pictures both have right, only the one, only the other, neither of them."""

    both_right: int
    won: int
    lost: int
    both_wrong: int

    @property
    def n(self) -> int:
        return sum(self)

    @property
    def difference(self) -> float:
        """Share right of the one minus that of the other, -1 to 1."""
        return (self.won - self.lost) / max(self.n, 1)


def count(ours: np.ndarray, theirs: np.ndarray) -> Pairs:
    """Count the pairs; (N,) bool each, which pictures are right, in the same order."""
    return Pairs(
        int((ours & theirs).sum()),
        int((ours & ~theirs).sum()),
        int((~ours & theirs).sum()),
        int((~ours & ~theirs).sum()),
    )


def luck(more: int, fewer: int) -> float:
    """How often equals would differ by so much or more in this direction, 0 to 1.

    The exact one-sided McNemar test: where two equally good models differ, either is as
    likely to be the right one, so that `more` is binomial (McNemar, 1947).
    """
    return float(binom.sf(more - 1, more + fewer, 0.5))


def p_value(won: int, lost: int) -> float:
    """The exact McNemar test, two-sided."""
    return min(1.0, 2 * luck(max(won, lost), min(won, lost)))


def interval(pairs: Pairs, seed: int = SEED) -> tuple[float, float]:
    """Bootstrap 95 % interval of `difference`, by percentiles (Efron and Tibshirani, 1993).

    Pictures drawn anew with replacement fall into the four cells as a multinomial does, so
    that the cells can be drawn instead. Where the models never differ its width is 0,
    however few the pictures: who relies on it asks for enough of them.
    """
    if pairs.n == 0:
        return -1.0, 1.0
    drawn = np.random.default_rng(seed).multinomial(
        pairs.n, np.array(pairs) / pairs.n, size=RESAMPLES
    )  # (RESAMPLES, 4)
    low, high = np.quantile((drawn[:, 1] - drawn[:, 2]) / pairs.n, [0.025, 0.975])
    return float(low), float(high)
