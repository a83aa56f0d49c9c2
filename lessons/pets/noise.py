"""What a count of right answers is worth: its interval, and that of a difference."""

from math import sqrt
from statistics import NormalDist

import numpy as np

Z95 = NormalDist().inv_cdf(0.975)  # standard errors in a 95 % interval


def wilson(right: float, n: int) -> tuple[float, float]:
    """95 % interval of a share (Wilson, 1927), as far as it rests on n pictures.

    Args:
        right: of n; a mean over seeds need not be whole.
    """
    p, z2 = right / n, Z95**2
    centre = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = Z95 * sqrt(p * (1 - p) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    return centre - half, centre + half


def difference(a: np.ndarray, b: np.ndarray) -> tuple[float, float]:
    """How much more often `a` is right than `b`, and the half width of its 95 % interval.

    Two kinds of chance are counted: other pictures, on which both are compared in pairs,
    and other seeds. As the pairs hold some of the second already, the width is rather too
    large than too small.

    Args:
        a, b: (S, N) bool: right or not, of S trainings on N pictures.
    """
    pairs = a.mean(0) - b.mean(0)  # (N,)
    variance = pairs.var(ddof=1) / pairs.size
    variance += sum(x.mean(1).var(ddof=1) / len(x) for x in (a, b) if len(x) > 1)
    return float(pairs.mean()), Z95 * sqrt(variance)
