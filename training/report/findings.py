"""A run's report.json: all figures of its page, for machines."""

from typing import Literal

from data.manifest import Manifest
from data.picture import TEST
from service import artifact
from service.artifact import ALL_LABELS, LABELS
from service.openvino_engine import OpenVinoEngine
from training import comparison
from training.comparison import Comparison
from training.errors import TrainingError
from training.report import again, learning, robustness
from training.report.again import Again
from training.report.examination import Examined, examine
from training.report.judgement import Judgement, judge
from training.report.learning import Learning
from training.report.robustness import Robustness
from training.run import Run


class Findings(Judgement):
    """What a run's model can do on its test part, and how it came to be.

    decision: whether it was promoted and why, in one sentence; empty before that.
    tag: in the model store; None where it was not promoted.
    """

    format: Literal[1] = 1
    run: str
    decision: str
    tag: str | None
    learning: Learning
    robustness: Robustness
    comparison: Comparison | None
    again: Again


def gather(run: Run) -> tuple[Findings, Examined]:
    """Judge a run's artifact on its test part, in every way that the page shows.

    Returns:
        The findings, and the pictures that they are of.
    Raises:
        ArtifactError: there is none, or it is damaged.
        DataError: a picture is gone or has changed.
        TrainingError: a file of the run is not what this version writes.
    """
    card = artifact.verify(run.artifact)
    assert card.metrics is not None  # export measures them
    manifest = Manifest.load(run.manifest)
    if manifest.digest != card.dataset.digest:
        raise TrainingError(
            f"{run.manifest} is not the manifest that {run.artifact} was made with: its digest is "
            f"{manifest.digest}, the card says {card.dataset.digest}. Restore it."
        )
    engine = OpenVinoEngine(run.artifact, card.precision)
    examined = examine(engine, manifest.part(TEST, labels=ALL_LABELS), "Report")
    state = run.state
    tag = state.get("tag", "none")
    return (
        Findings(
            **dict(judge(examined, card, card.metrics, state["source"])),
            run=run.folder.name,
            decision=state.get("decision", ""),
            tag=None if tag == "none" else tag,
            learning=learning.read(run.folder, card.recipe),
            robustness=robustness.measure(
                engine, manifest.part(TEST, labels=LABELS), card.calibration
            ),
            comparison=comparison.read(run),
            again=again.gather(run, card, manifest),
        ),
        examined,
    )
