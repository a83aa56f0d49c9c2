"""The gate: compare a run's model with the one in service, and promote it if it may be."""

from data.manifest import Manifest
from data.picture import TEST
from service import artifact, store
from service.artifact import ALL_LABELS, LABELS, ArtifactError, Card
from service.models import graph_bytes
from service.openvino_engine import OpenVinoEngine
from service.remote import CHUNK
from training import calibration, comparison, timing
from training.comparison import Comparison, Contestant, Figures
from training.decision import Decision, decide, first_decision
from training.errors import TrainingError
from training.judging import Judged, batches, interval, score
from training.run import RELEASED, Run
from training.seen import without_seen


def promote(run: Run) -> tuple[Decision, str | None]:
    """Compare the run's artifact with the model in service and promote it if it may be.

    The comparison is kept in the run. The store is only ever added to: a refusal, an
    error or an interruption leaves the champion in service.

    Returns:
        The decision, and the new tag if there is one.
    Raises:
        TrainingError: the champion is damaged, so that nothing can be decided.
        ArtifactError: the run's artifact is.
        StoreError: the store cannot be read or written.
    """
    figures, decision = _compare(run)
    comparison.save(run, Comparison(**figures.model_dump(), **vars(decision)))
    tag = None
    if decision.is_promoted:
        tag = store.add(run.artifact, figures.champion, run.folder.name)
    _record(run, decision, tag)
    return decision, tag


def unrecorded(run: Run) -> tuple[Decision, str] | None:
    """What was decided, if this run's model was promoted and the run was cut off just then.

    To compare that model anew would be to compare it with itself.

    Raises:
        TrainingError: the run's comparison is not of this version.
    """
    tag = store.made_by(run.folder.name)
    kept = comparison.read(run)
    if tag is None or kept is None or not kept.is_promoted:
        return None
    decision = Decision(is_promoted=True, reason=kept.reason)
    _record(run, decision, tag)
    return decision, tag


def _record(run: Run, decision: Decision, tag: str | None) -> None:
    run.record(state=RELEASED, decision=decision.reason, tag=tag or "none")


def _compare(run: Run) -> tuple[Figures, Decision]:
    challenger = artifact.verify(run.artifact)
    try:
        champion_folder, tag = store.path_of()
    except store.NoModel:
        figures = _alone(run, challenger)
        return figures, first_decision(figures)
    try:
        champion = artifact.verify(champion_folder)
    except ArtifactError as exc:
        raise TrainingError(
            f"{tag}, the model in service, cannot be compared with: {exc} It stays in service, "
            f"and the new model in {run.artifact}. Restore the damaged one, return to another "
            f"(make models, make rollback), or delete {champion_folder}; then run the same command "
            "again."
        ) from exc
    rows = Manifest.load(run.manifest).part(TEST, labels=ALL_LABELS)
    unseen = without_seen(rows, champion_folder)
    engines = (
        OpenVinoEngine(run.artifact, challenger.precision),
        OpenVinoEngine(champion_folder, champion.precision),
    )
    pets = [row for row in unseen.kept if row.label in LABELS]
    pixels = next(batches(pets[:CHUNK]), None)  # as many as the service asks for at once
    ours = score(engines[0], unseen.kept, "Challenger")
    theirs = score(engines[1], unseen.kept, f"Champion {tag}")
    figures = comparison.figures(
        champion=tag,
        ours=contestant(ours, challenger, graph_bytes(run.artifact)),
        theirs=contestant(theirs, champion, graph_bytes(champion_folder)),
        speeds=timing.compare(*engines, pixels) if pixels is not None else None,
        of_each={label: sum(row.label == label for row in pets) for label in LABELS},
        seen=sum(row.label in LABELS for row in rows) - len(pets),
    )
    return figures, decide(figures)


def contestant(judged: Judged, card: Card, n_bytes: int) -> Contestant:
    """What a model did with the pictures, as the service would have answered."""
    pets, others = judged.pets(), judged.others()
    scaled = pets.scores.logits / card.calibration.temperature
    return Contestant(
        right=pets.correct(card.calibration),
        losses=calibration.log_losses(scaled, pets.labels),
        rejected=others.correct(card.calibration),
        n_bytes=n_bytes,
    )


def _alone(run: Run, card: Card) -> Figures:
    """The figures where there is no champion."""
    assert card.metrics is not None
    confusion = card.metrics.confusion
    return Figures(
        champion=None,
        n=card.metrics.accuracy.n,
        of_each={label: sum(confusion.get(label, {}).values()) for label in LABELS},
        champion_accuracy=interval(0, 0),
        challenger_accuracy=card.metrics.accuracy,
        challenger_log_loss=card.metrics.log_loss,
        challenger_rejected=card.metrics.neither_rejected,
        challenger_bytes=graph_bytes(run.artifact),
    )
