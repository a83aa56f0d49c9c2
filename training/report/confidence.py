"""Whether the model knows how sure it may be: confidence before and after scaling, and novelty."""

import math

import numpy as np

from service.answer import probabilities
from service.artifact import Calibration, Interval, StrictModel
from training import calibration as fitting
from training import judging
from training.judging import Judged, interval, share

HISTOGRAM_BINS = 25
OF_PETS = 0.01  # what rejection is quoted at: a threshold that turns away 1 % of cats and dogs


class Bin(StrictModel):
    """Answers of about the same confidence; of equal count, but for the rest."""

    confidence: float
    accuracy: Interval


class Reliability(StrictModel):
    """Confidence held against accuracy.

    error: expected calibration error over the bins, 0 to 1.
    """

    error: float
    bins: list[Bin]


class Histogram(StrictModel):
    """Counts between edges: kind of picture -> one count less than there are edges."""

    edges: list[float]
    counts: dict[str, list[int]]


class Curve(StrictModel):
    """A receiver operating characteristic and the area under it.

    n_low, n_high: pictures that should be under and over the threshold.
    """

    auroc: float
    n_low: int
    n_high: int
    false_positive: list[float]
    true_positive: list[float]


class Confidence(StrictModel):
    """Of cats and dogs, and others where there are any.

    before, after: at temperature 1, and at `temperature`; cat against dog.
    dog: the dog's log-odds, of dogs against cats; None where there is but one of the two.
    novelty: of pictures of neither against cats and dogs, if there are any.
    rejected_at_one_percent: pictures of neither over the threshold that turns away 1 % of
        these very cats and dogs, or the next fewer.
    """

    temperature: float
    before: Reliability
    after: Reliability
    histogram: Histogram
    dog: Curve | None
    novelty_threshold: float
    novelty_histogram: Histogram
    novelty: Curve | None
    rejected_at_one_percent: Interval | None


def assess(judged: Judged, calibration: Calibration) -> Confidence:
    """All of it, from the scores of at least one cat or dog, and any others."""
    pets, others = judged.pets(), judged.others()
    logits, novelty = pets.scores.logits, pets.scores.novelty
    after = probabilities(logits, calibration.temperature).max(1)
    is_dog = pets.labels == 1
    log_odds = logits[:, 1] - logits[:, 0]
    is_both = is_dog.any() and not is_dog.all()
    dog = _curve(log_odds[~is_dog], log_odds[is_dog]) if is_both else None
    curve = _curve(novelty, others.scores.novelty) if others.rows else None
    return Confidence(
        temperature=calibration.temperature,
        before=reliability(probabilities(logits, 1.0).max(1), pets.right),
        after=reliability(after, pets.right),
        histogram=_histogram(0.5, {"right": after[pets.right], "wrong": after[~pets.right]}),
        dog=dog,
        novelty_threshold=calibration.novelty_threshold,
        novelty_histogram=_histogram(
            0.0, {"cats and dogs": novelty, "neither": others.scores.novelty}
        ),
        novelty=curve,
        rejected_at_one_percent=rejected(novelty, others.scores.novelty) if curve else None,
    )


def reliability(confidence: np.ndarray, is_right: np.ndarray) -> Reliability:
    """(N,) confidences of the answered label, and whether it was right, (N,) bool."""
    bins = fitting.reliability(confidence, is_right)
    return Reliability(
        error=fitting.calibration_error(confidence, is_right),
        bins=[Bin(confidence=b.confidence, accuracy=interval(b.right, b.n)) for b in bins],
    )


def rejected(pets: np.ndarray, others: np.ndarray) -> Interval:
    """Others over the lowest threshold that at most 1 % of the pets are over.

    Args:
        pets, others: (N,) and (M,) novelty.
    """
    threshold = np.sort(pets)[::-1][math.floor(OF_PETS * len(pets) + 1e-9)]
    return share(others > threshold)


def _curve(low: np.ndarray, high: np.ndarray) -> Curve:
    from sklearn.metrics import roc_curve  # half a second that only a report needs

    is_high = np.repeat([False, True], [len(low), len(high)])
    false_positive, true_positive, _ = roc_curve(is_high, np.concatenate([low, high]))
    return Curve(
        auroc=judging.auroc(low, high),
        n_low=len(low),
        n_high=len(high),
        false_positive=false_positive.tolist(),
        true_positive=true_positive.tolist(),
    )


def _histogram(lowest: float, kinds: dict[str, np.ndarray]) -> Histogram:
    edges = np.linspace(lowest, 1, HISTOGRAM_BINS + 1)
    return Histogram(
        edges=edges.tolist(),
        counts={kind: np.histogram(v, edges)[0].tolist() for kind, v in kinds.items()},
    )
