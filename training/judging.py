"""Scores of the exported model on labelled pictures, and the figures they give."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from scipy.stats import binomtest, mannwhitneyu
from tqdm import tqdm

from data.manifest import read_bytes
from data.picture import Row
from service.answer import probabilities
from service.artifact import ALL_LABELS, LABELS, NEITHER, Calibration, Interval, Metrics
from service.cores import usable_cores
from service.engine import Engine, Scores
from service.images import network_input
from training import calibration as fitting

BATCH = 32


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

    def correct(self, calibration: Calibration) -> np.ndarray:
        """(N,) bool, which the service would answer with their label: cat, dog or neither."""
        answered = zip(self.answers(calibration), self.rows, strict=True)
        return np.array([answer == row.label for answer, row in answered], dtype=bool)


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
    p = probabilities(pets.scores.logits, calibration.temperature)
    chosen = p.argmax(1)
    confusion = {t: dict.fromkeys(ALL_LABELS, 0) for t in ALL_LABELS}
    for row, label in zip(judged.rows, judged.answers(calibration), strict=True):
        confusion[row.label][label] += 1
    turned_away = sum(confusion[label][NEITHER] for label in LABELS)
    return Metrics(
        part=part,
        accuracy=share(pets.correct(calibration)),
        log_loss=fitting.log_loss(pets.scores.logits / calibration.temperature, pets.labels),
        calibration_error=fitting.calibration_error(p.max(1), chosen == pets.labels),
        confusion=confusion,
        turned_away=interval(turned_away, len(pets.rows)),
        neither_rejected=share(others.correct(calibration)) if others.rows else None,
        neither_auroc=auroc(pets.scores.novelty, others.scores.novelty) if others.rows else None,
    )


def interval(successes: int, n: int) -> Interval:
    """A fraction with its 95 % score interval (Wilson, 1927)."""
    if n == 0:
        return Interval(value=0.0, low=0.0, high=1.0, n=0)
    low, high = binomtest(successes, n).proportion_ci(method="wilson")
    return Interval(value=successes / n, low=float(low), high=float(high), n=n)


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
