"""What turns scores into honest answers: a temperature, and a threshold on novelty."""

from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax
from scipy.stats import binom

TURNED_AWAY = 0.003  # of real cats and dogs, what novelty should turn away ...
MAX_TURNED_AWAY = 0.01  # ... and may, where few pictures make the tail long
# About what stage one alone asks for on photographs: 0.4 % of cats and dogs and 98 % of other
# things are over it then. The mean of both stages asks for less (docs/recipe.md).
USUAL_THRESHOLD = 0.9
BINS = 15  # of confidence, where nobody says how many
LIKELY = 0.95  # share of samples whose count over a threshold that turns 1 % away is believed


def temperature(logits: np.ndarray, labels: np.ndarray) -> float:
    """The temperature with the lowest log loss (Guo et al., 2017, arXiv 1706.04599).

    Where every picture is right, lower is always better and confidence would become 1;
    so a normal prior on the temperature's logarithm weighs as much as one picture.

    Args:
        logits: (N, 2), of pictures that were not trained on.
        labels: (N,) int, index of the right column.
    Returns:
        0.05 to 20.
    """
    result = minimize_scalar(
        lambda log_t: log_loss(logits / np.exp(log_t), labels) + log_t**2 / (2 * len(labels)),
        bounds=(np.log(0.05), np.log(20.0)),
        method="bounded",
    )
    return float(np.exp(result.x))


def log_losses(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Negative log-likelihood of each right label, in nats.

    Args:
        logits: (N, 2).
        labels: (N,) int, index of the right column.
    Returns:
        (N,) float64.
    """
    log_p = log_softmax(logits.astype(np.float64), axis=1)
    losses: np.ndarray = -log_p[np.arange(len(labels)), labels]
    return losses


def log_loss(logits: np.ndarray, labels: np.ndarray) -> float:
    """The mean of `log_losses`."""
    return float(log_losses(logits, labels).mean())


def novelty_threshold(novelty: np.ndarray) -> float:
    """The threshold that is to turn away 0.3 % of cats and dogs, or up to 1 %.

    Of those to come, not of these: between two of N pictures in order lies, on average,
    1 / (N + 1) of whatever follows them (Weibull, 1939; Hyndman and Fan, 1996, definition 6).

    The last pictures of a small or blurred validation part can lie so close to 1 that
    a threshold at 0.3 % would let most other things pass. It is brought down to 0.9 then, what
    stage one asks for on photographs, or to where more of these are over it than 1 % makes likely.
    And under 333 pictures have nothing over which 0.3 % lie: the highest of 20 would turn away one
    in 21. It is 0.9 then, too, unless that is too low.

    Args:
        novelty: (N,) of cats and dogs that were not trained on, 0 to 1.
    """
    can_tell = (len(novelty) + 1) * TURNED_AWAY >= 1
    wanted = np.quantile(novelty, 1 - TURNED_AWAY, method="weibull") if can_tell else 1.0
    spent = int(binom.ppf(LIKELY, len(novelty), MAX_TURNED_AWAY))
    lowest = np.sort(novelty)[::-1][min(spent, len(novelty) - 1)]
    return float(max(lowest, min(wanted, USUAL_THRESHOLD)))


class Bin(NamedTuple):
    """Answers of about the same confidence.

    n, right: how many, and how many of them are right.
    confidence: their mean, 0 to 1.
    """

    n: int
    right: int
    confidence: float

    @property
    def accuracy(self) -> float:
        """Share right, 0 to 1."""
        return self.right / self.n


def reliability(confidence: np.ndarray, is_right: np.ndarray, bins: int = BINS) -> list[Bin]:
    """Bins of equal count, from the least confident to the most; of fewer answers, fewer.

    Args:
        confidence: (N,) 0 to 1, of the answered label.
        is_right: (N,) bool.
    """
    order = np.argsort(confidence, kind="stable")
    return [
        Bin(len(part), int(is_right[part].sum()), float(confidence[part].mean()))
        for part in np.array_split(order, bins)
        if len(part)
    ]


def calibration_error(confidence: np.ndarray, is_right: np.ndarray, bins: int = BINS) -> float:
    """Expected calibration error over bins of equal count (Nguyen and O'Connor, 2015).

    Args:
        confidence: (N,) 0 to 1, of the answered label.
        is_right: (N,) bool.
    Returns:
        Mean over pictures of |confidence - accuracy| of their bin, 0 to 1.
    """
    found = reliability(confidence, is_right, bins)
    return sum(b.n * abs(b.confidence - b.accuracy) for b in found) / len(confidence)
