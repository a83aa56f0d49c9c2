"""Which answers were wrong, the surest first, and which right ones hung by a thread."""

import numpy as np

from service.answer import probabilities
from service.artifact import LABELS, NEITHER, Calibration, StrictModel
from training.report.examination import Examined
from training.report.names import name_in

MOST = 48
LEAST_CERTAIN = 24


class Answered(StrictModel):
    """A picture and what the service would answer.

    name: its path within the data set.
    confidence: as the service gives it: calibrated probability of the label, or novelty
        where the answer is `neither`.
    index: its place among the examined pictures.
    """

    index: int
    name: str
    sha256: str
    label: str
    answered: str
    confidence: float
    novelty: float


class Mistakes(StrictModel):
    """Wrong answers of all that were examined, and the least certain right ones.

    kinds: true label -> wrong answer -> how many.
    shown: at most 48, the surest first.
    doubtful: right answers to cats and dogs with the lowest confidence, lowest first; as
        many as there is room for beside the mistakes, and at most 24.
    """

    total: int
    kinds: dict[str, dict[str, int]]
    shown: list[Answered]
    doubtful: list[Answered]


def find(examined: Examined, calibration: Calibration, folder: str) -> Mistakes:
    """Sort the examined pictures by how wrong their answers are.

    Args:
        folder: of the pictures, from which names begin.
    """
    answered = _answered(examined, calibration, folder)
    wrong = [a for a in answered if a.answered != a.label]
    right = [a for a in answered if a.answered == a.label and a.label in LABELS]
    kinds: dict[str, dict[str, int]] = {}
    for a in wrong:
        of_label = kinds.setdefault(a.label, {})
        of_label[a.answered] = of_label.get(a.answered, 0) + 1
    shown = sorted(wrong, key=lambda a: (-a.confidence, a.sha256))[:MOST]
    room = min(LEAST_CERTAIN, MOST - len(shown))
    doubtful = sorted(right, key=lambda a: (a.confidence, a.sha256))[:room]
    return Mistakes(total=len(wrong), kinds=kinds, shown=shown, doubtful=doubtful)


def _answered(examined: Examined, calibration: Calibration, folder: str) -> list[Answered]:
    judged = examined.judged
    shares = probabilities(judged.scores.logits, calibration.temperature).max(1)
    novelty = judged.scores.novelty
    answers = judged.answers(calibration)
    is_neither = np.array([answer == NEITHER for answer in answers], dtype=bool)
    confidence = np.where(is_neither, novelty, shares)
    return [
        Answered(
            index=i,
            name=name_in(folder, row.path),
            sha256=row.sha256,
            label=row.label,
            answered=answers[i],
            confidence=float(confidence[i]),
            novelty=float(novelty[i]),
        )
        for i, row in enumerate(judged.rows)
    ]
