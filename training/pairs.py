"""Two models on the same pictures: what the pairs of answers tell."""

import math
from typing import NamedTuple

import numpy as np
from scipy.stats import binom, norm

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


def luck_of_loss(won: int, lost: int, n: int, loss: float) -> float:
    """How often a model that is worse by `loss` would do so well or better, 0 to 1.

    The score test of paired shares (Tango, Statistics in Medicine 1998), one-sided: it holds where
    few pairs differ, or none, where the bootstrap's interval is too narrow.

    Args:
        won, lost: of `n` pictures, at least one.
        loss: over 0 and under 1.
    """
    # His q21: the likeliest share of lost pairs if the difference is -loss.
    a, b, c = 2 * n, -won - lost - (2 * n - won + lost) * loss, lost * loss * (1 + loss)
    share = (math.sqrt(max(0.0, b * b - 4 * a * c)) - b) / (2 * a)
    variance = n * (2 * share - loss * (1 + loss))
    return float(norm.sf((won - lost + n * loss) / math.sqrt(variance)))


def interval(pairs: Pairs, seed: int = SEED) -> tuple[float, float]:
    """Bootstrap 95 % interval of `difference`, by percentiles (Efron and Tibshirani, 1993).

    Pictures drawn anew with replacement fall into the four cells as a multinomial does, so
    that the cells can be drawn instead. Where the models hardly differ it is too narrow, and where
    they never do its width is 0: see `luck_of_loss`.
    """
    if pairs.n == 0:
        return -1.0, 1.0
    drawn = np.random.default_rng(seed).multinomial(
        pairs.n, np.array(pairs) / pairs.n, size=RESAMPLES
    )  # (RESAMPLES, 4)
    low, high = np.quantile((drawn[:, 1] - drawn[:, 2]) / pairs.n, [0.025, 0.975])
    return float(low), float(high)
