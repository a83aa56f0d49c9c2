"""Scores of the exported model on labelled pictures, and the figures they give."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from math import sqrt
from typing import NamedTuple

import numpy as np
from scipy.stats import mannwhitneyu
from tqdm import tqdm

from data.manifest import read_bytes
from data.picture import ALL_LABELS, NEITHER, Row
from service.answer import probabilities
from service.artifact import LABELS, Calibration, Interval, Metrics
from service.cores import usable_cores
from service.engine import Engine, Scores
from service.images import network_input
from training import calibration as fitting

BATCH = 32
Z95 = 1.959964  # two-sided 95 % of the normal distribution


@dataclass(frozen=True)
class Judged:
    """Rows and what the model said of them.

    scores: logits (N, 2) and novelty (N,), in the order of `rows`.
    """

    rows: tuple[Row, ...]
    scores: Scores

    def pets(self) -> "Judged":
        """Only the cats and dogs."""
        return self._where(np.array([row.label in LABELS for row in self.rows], dtype=bool))

    def others(self) -> "Judged":
        """Only the pictures of neither."""
        return self._where(np.array([row.label == NEITHER for row in self.rows], dtype=bool))

    def _where(self, mask: np.ndarray) -> "Judged":
        rows = tuple(row for row, keep in zip(self.rows, mask, strict=True) if keep)
        return Judged(rows, Scores(self.scores.logits[mask], self.scores.novelty[mask]))

    @property
    def labels(self) -> np.ndarray:
        """(N,) int, index into `LABELS`; cats and dogs only."""
        return np.array([LABELS.index(row.label) for row in self.rows], dtype=np.int64)

    @property
    def right(self) -> np.ndarray:
        """(N,) bool, which have the higher logit for their label; cats and dogs only."""
        is_right: np.ndarray = self.scores.logits.argmax(1) == self.labels
        return is_right

    def answers(self, calibration: Calibration) -> list[str]:
        """The label that the service would answer for each row."""
        chosen = self.scores.logits.argmax(1)
        is_neither = self.scores.novelty > calibration.novelty_threshold
        return [NEITHER if n else LABELS[c] for c, n in zip(chosen, is_neither, strict=True)]


def score(engine: Engine, rows: Sequence[Row], name: str) -> Judged:
    """Run pictures through the engine, decoded as the service decodes them."""
    logits, novelty = [], []
    with tqdm(total=len(rows), desc=name, unit=" pictures") as progress:
        for pixels in batches(rows):
            scores = engine(pixels)
            logits.append(scores.logits)
            novelty.append(scores.novelty)
            progress.update(len(pixels))
    return Judged(
        tuple(rows),
        Scores(
            np.concatenate([np.empty((0, 2), np.float32), *logits]),
            np.concatenate([np.empty(0, np.float32), *novelty]),
        ),
    )


def batches(rows: Sequence[Row]) -> Iterator[np.ndarray]:
    """(B, 224, 224, 3) uint8 of the rows in their order; the next is decoded meanwhile."""
    with ThreadPoolExecutor(usable_cores()) as pool:
        inputs = pool.map(lambda row: network_input(read_bytes(row)), rows)
        batch: list[np.ndarray] = []
        for pixels in inputs:
            batch.append(pixels)
            if len(batch) == BATCH:
                yield np.stack(batch)
                batch = []
        if batch:
            yield np.stack(batch)


def metrics(judged: Judged, calibration: Calibration, part: str) -> Metrics:
    """All figures of one part.

    `neither` answered for a cat or a dog counts as wrong, as it is for who asked.
    """
    pets, others = judged.pets(), judged.others()
    answered = pets.answers(calibration)
    true = [row.label for row in pets.rows]
    right = np.array([a == t for a, t in zip(answered, true, strict=True)])
    p = probabilities(pets.scores.logits, calibration.temperature)
    chosen = p.argmax(1)
    confusion = {t: dict.fromkeys(ALL_LABELS, 0) for t in ALL_LABELS}
    for row, label in zip(judged.rows, judged.answers(calibration), strict=True):
        confusion[row.label][label] += 1
    rejected = sum(a == NEITHER for a in others.answers(calibration))
    return Metrics(
        part=part,
        accuracy=share(right),
        log_loss=fitting.log_loss(pets.scores.logits / calibration.temperature, pets.labels),
        calibration_error=fitting.calibration_error(p.max(1), chosen == pets.labels),
        confusion=confusion,
        turned_away=interval(sum(a == NEITHER for a in answered), len(answered)),
        neither_rejected=interval(rejected, len(others.rows)) if others.rows else None,
        neither_auroc=auroc(pets.scores.novelty, others.scores.novelty) if others.rows else None,
    )


def interval(successes: int, n: int) -> Interval:
    """A fraction with its 95 % score interval (Wilson, 1927)."""
    if n == 0:
        return Interval(value=0.0, low=0.0, high=1.0, n=0)
    p, z2 = successes / n, Z95**2
    centre = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = Z95 * sqrt(p * (1 - p) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    return Interval(value=p, low=max(0.0, centre - half), high=min(1.0, centre + half), n=n)


def share(which: np.ndarray) -> Interval:
    """How many of (N,) bool are True, as an `interval`."""
    return interval(int(which.sum()), len(which))


def auroc(known: np.ndarray, novel: np.ndarray) -> float:
    """How often a picture of neither has the higher novelty: area under the ROC curve, 0 to 1.

    Args:
        known, novel: (N,) and (M,) novelty of cats and dogs, and of neither.
    """
    statistic = mannwhitneyu(novel, known).statistic
    return float(statistic / (len(known) * len(novel)))


class Roc(NamedTuple):
    """What each threshold lets through, from the strictest to none; only the line's corners.

    false_positive: (K,) share of the one kind that is over the threshold, rising from 0 to 1.
    true_positive: (K,) share of the other, likewise.
    """

    false_positive: np.ndarray
    true_positive: np.ndarray


def roc(low: np.ndarray, high: np.ndarray) -> Roc:
    """The receiver operating characteristic; the area under it is `auroc` of the same two.

    Args:
        low: (N,) scores of those that should be under a threshold.
        high: (M,) of those that should be over it.
    """
    scores = np.concatenate([low, high])
    is_high = np.repeat([False, True], [len(low), len(high)])
    order = np.argsort(-scores, kind="stable")
    is_last_of_equals = np.append(np.diff(scores[order]) != 0, True)
    steps = np.stack([~is_high[order], is_high[order]]).cumsum(1)[:, is_last_of_equals]
    counts = np.concatenate([np.zeros((2, 1), np.int64), steps], 1)  # (2, thresholds + 1)
    (dx, dy) = np.diff(counts)
    turns = dx[:-1] * dy[1:] != dx[1:] * dy[:-1]
    corners = counts[:, np.concatenate([[True], turns, [True]])]
    return Roc(corners[0] / len(low), corners[1] / len(high))
