"""`make evaluate`: the exported model on any labelled pictures that it has not seen."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from data.errors import DataError
from data.manifest import unsplit
from data.source import expanded, resolve
from service import artifact, store
from service.artifact import ALL_LABELS, Interval, Metrics
from service.names import readable
from service.openvino_engine import OpenVinoEngine
from service.store import NoModel
from training import calibration, judging, report, run
from training.errors import TrainingError
from training.report.evaluated import Evaluated
from training.report.examination import Examined, examine
from training.report.judgement import Judgement, judge
from training.seen import without_seen

NAME = "Evaluating"  # what is shown while it goes on
PART = "unseen"


class Evaluation(NamedTuple):
    """Figures of a model on a source.

    shown: what a report shows beside them; None where it was not asked for, or the model was
        exported before it could explain itself.
    """

    model: str
    source: str
    seen: int  # left out, because the model was trained on them
    near: int  # likewise, on near duplicates of them
    excluded: int  # unreadable, duplicate or contradictory files
    metrics: Metrics
    shown: tuple[Judgement, Examined] | None = None


def evaluate(source: str, model: str, *, for_report: bool = False) -> Evaluation:
    """Judge a model on all pictures of a source that it was not made from.

    Args:
        source: see `data.source.resolve`.
        model: a tag in the model store, or the folder of an artifact.
        for_report: look at where the model looked, too.
    Raises:
        DataError: there is no cat and no dog among them.
        TrainingError: the model has seen every picture.
    """
    folder, name = locate(model)
    card = artifact.verify(folder)
    manifest = unsplit(resolve(source))
    if not any(row.label in artifact.LABELS for row in manifest.rows):
        raise DataError(
            f"No cat and no dog of {source} can be read: {len(manifest.excluded)} files are "
            "damaged, of other formats, or labelled both. Give pictures that can."
        )
    unseen = without_seen(manifest.rows, folder)
    if not any(row.label in artifact.LABELS for row in unseen.kept):
        raise TrainingError(
            f"{name} was trained on all {unseen.seen + unseen.near} pictures of {source}, or on "
            "near duplicates, and a figure on those would mean nothing. Evaluate on pictures that "
            "are new to it."
        )
    engine = OpenVinoEngine(folder, card.precision)
    left_out = unseen.seen, unseen.near, len(manifest.excluded)
    if not (for_report and artifact.read_classes(folder)):
        judged = judging.score(engine, unseen.kept, NAME)
        metrics = judging.metrics(judged, card.calibration, PART)
        return Evaluation(name, source, *left_out, metrics)
    examined = examine(engine, unseen.kept, NAME)
    metrics = judging.metrics(examined.judged, card.calibration, PART)
    above = os.path.commonpath([row.path.parent for row in unseen.kept])
    shown = judge(examined, card, metrics, above), examined
    return Evaluation(name, source, *left_out, metrics, shown)


def write_report(evaluation: Evaluation) -> Path:
    """A page with the mistakes, in a folder of its own under `run.root()`.

    Args:
        evaluation: for a report.
    Raises:
        TrainingError: it cannot be written.
        DataError: a picture is gone or has changed.
    """
    assert evaluation.shown is not None
    judgement, examined = evaluation.shown
    now = datetime.now(UTC)
    evaluated = Evaluated(
        **dict(judgement),
        model=readable(evaluation.model),
        source=readable(evaluation.source),
        seen=evaluation.seen,
        near=evaluation.near,
        excluded=evaluation.excluded,
        created=f"{now:%Y-%m-%d %H:%M} UTC",
    )
    name = f"evaluate-{run.slug(evaluation.source)}-{now:%Y%m%d-%H%M%S}-{os.getpid()}"
    return report.write_evaluated((run.root() / name).absolute(), evaluated, examined)


def locate(model: str) -> tuple[Path, str]:
    """An artifact's folder, or that of its run, else a tag in the store: folder and name.

    Raises:
        StoreError: there is no such tag.
        TrainingError: it is a path, and no artifact is there.
    """
    path = expanded(model)
    for folder in (path, path / "artifact"):
        if model and (folder / artifact.CARD).is_file():
            return folder, str(folder)
    try:
        return store.path_of(model)
    except NoModel as exc:
        if not model or (os.sep not in model and not path.exists()):
            raise
        what = f"holds no {artifact.CARD}" if path.exists() else "is not there"
        raise TrainingError(
            f"{model} is no exported model: it {what}. Name the folder of one, which "
            "`make train` leaves as runs/.../artifact, or a tag that `make models` lists."
        ) from exc


def table(evaluation: Evaluation) -> str:
    """The figures, for people."""
    m = evaluation.metrics
    lines = [
        f"{evaluation.model} on {evaluation.source}",
        f"{evaluation.seen} pictures left out because it was trained on them, "
        f"{evaluation.near} because it was on near duplicates, "
        f"{evaluation.excluded} because they are unreadable, duplicates or contradictory",
        "",
        f"accuracy           {_interval(m.accuracy)}",
        f"log loss           {m.log_loss:.4f}",
        f"calibration error  {m.calibration_error:.2%} ({calibration.BINS} bins of equal count)",
        f"turned away        {_interval(m.turned_away)}, cats and dogs answered `neither`",
    ]
    if m.neither_rejected is not None and m.neither_auroc is not None:
        lines += [
            f"neither rejected   {_interval(m.neither_rejected)}",
            f"novelty AUROC      {m.neither_auroc:.4f}, cats and dogs against neither",
        ]
    lines += ["", "true \\ answered" + "".join(f"{label:>10}" for label in ALL_LABELS)]
    for label in ALL_LABELS:
        counts = m.confusion[label]
        if any(counts.values()):
            lines.append(f"{label:<15}" + "".join(f"{counts[a]:>10}" for a in ALL_LABELS))
    return "\n".join(lines)


def _interval(i: Interval) -> str:
    return f"{i.value:.2%}  (95 % interval {i.low:.2%} to {i.high:.2%}, n = {i.n})"
