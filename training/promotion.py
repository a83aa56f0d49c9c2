"""The gate: a model enters the store only if it is not worse than the one in service."""

from dataclasses import dataclass

import numpy as np
from scipy.stats import binomtest

from data.manifest import Manifest
from data.picture import TEST
from service import store
from service.artifact import Card, read_card
from service.engine import Engine
from training.evaluation import without_seen
from training.judging import Judged, interval, score
from training.run import RELEASED, Run


@dataclass(frozen=True)
class Decision:
    """Whether the challenger may replace the champion, and why in one sentence."""

    is_promoted: bool
    reason: str


def promote(run: Run) -> tuple[Decision, str | None]:
    """Compare the run's artifact with the promoted model and promote it if it may be.

    The store is only ever added to: a refusal, or an interruption, leaves the champion
    in service.

    Returns:
        The decision, and the new tag if there is one.
    """
    decision = _decide(run)
    tag = store.add(run.artifact) if decision.is_promoted else None
    run.record(state=RELEASED, decision=decision.reason, tag=tag or "none")
    return decision, tag


def _decide(run: Run) -> Decision:
    challenger = read_card(run.artifact)
    try:
        champion_folder, champion_tag = store.path_of()
    except store.StoreError:
        return first_decision(challenger)
    champion = read_card(champion_folder)
    rows = without_seen(Manifest.load(run.manifest).part(TEST), champion_folder).kept
    if not rows:
        return Decision(
            False,
            f"Refused: {champion_tag} was trained on every test picture of this run, so that the "
            "two cannot be compared. Train with pictures that are new to both.",
        )
    theirs = score(Engine.for_card(champion_folder, champion), rows, f"Champion {champion_tag}")
    ours = score(Engine.for_card(run.artifact, challenger), rows, "Challenger")
    return compare(is_right(ours, challenger), is_right(theirs, champion), champion_tag)


def first_decision(card: Card) -> Decision:
    """Without a champion, a model must beat guessing."""
    assert card.metrics is not None
    accuracy = card.metrics.accuracy
    if accuracy.low <= 0.5:
        return Decision(
            False,
            f"Refused: accuracy {accuracy.value:.2%} on {accuracy.n} test pictures "
            f"({accuracy.low:.2%} to {accuracy.high:.2%}) is not better than guessing.",
        )
    return Decision(True, f"Promoted: no model was in service before; {accuracy.value:.2%} right.")


def is_right(judged: Judged, card: Card) -> np.ndarray:
    """(N,) bool: which rows the service would have answered with their label."""
    answers = judged.answers(card.calibration)
    return np.array([a == row.label for a, row in zip(answers, judged.rows, strict=True)])


def compare(ours: np.ndarray, theirs: np.ndarray, champion: str) -> Decision:
    """Paired comparison on the same pictures: promote unless more of ours are wrong.

    Args:
        ours, theirs: (N,) bool, which pictures challenger and champion have right.
        champion: its tag, for the sentence.
    """
    n = len(ours)
    won, lost = int((ours & ~theirs).sum()), int((~ours & theirs).sum())
    # Exact McNemar test: under equality, either is as likely to be right where they differ.
    p_value = binomtest(won, won + lost).pvalue if won + lost else 1.0
    figures = (
        f"{_percent(ours)} right against {_percent(theirs)} of {champion} on the same {n} test "
        f"pictures; of the {won + lost} where they differ, {won} for the new one and {lost} for "
        f"the old (exact McNemar p = {p_value:.2g})."
    )
    if won >= lost:
        return Decision(True, f"Promoted, being no worse: {figures}")
    return Decision(False, f"Refused, being worse: {figures} {champion} stays in service.")


def _percent(is_right: np.ndarray) -> str:
    return f"{interval(int(is_right.sum()), len(is_right)).value:.2%}"
