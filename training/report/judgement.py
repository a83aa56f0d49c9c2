"""What a model says of pictures that it has not seen: what both kinds of report show."""

from service.artifact import Card, Metrics, StrictModel
from training.report import confidence, mistakes, slices
from training.report.confidence import Confidence
from training.report.examination import Examined
from training.report.mistakes import Mistakes
from training.report.slices import Sliced


class Judgement(StrictModel):
    """Figures of all pictures that were examined.

    precision: of the graph that was asked, which is the one that serves.
    """

    precision: str
    metrics: Metrics
    confidence: Confidence
    slices: list[Sliced]
    mistakes: Mistakes


def judge(examined: Examined, card: Card, metrics: Metrics, folder: str) -> Judgement:
    """Put it together.

    Args:
        examined: at least one cat or dog.
        card: of the model.
        metrics: of the same pictures.
        folder: of the pictures, from which names begin.
    """
    return Judgement(
        precision=card.precision,
        metrics=metrics,
        confidence=confidence.assess(examined.judged, card.calibration),
        slices=slices.slices(examined, card.calibration),
        mistakes=mistakes.find(examined, card.calibration, folder),
    )
