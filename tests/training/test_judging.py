from pathlib import Path

import numpy as np
import pytest

from data.picture import Row
from service.answer import answer
from service.artifact import Calibration
from service.engine import Scores
from training import judging
from training.judging import Judged

CALIBRATION = Calibration(temperature=2.0, novelty_threshold=0.5)


def row(label: str, i: int = 0) -> Row:
    return Row(Path(f"/{label}/{i}.png"), label, "test", f"{i:064}", "", 8, 8)


def judged(*pictures: tuple[str, float, float]) -> Judged:
    """Of (label, the dog's log-odds, novelty)."""
    labels, log_odds, novelty = zip(*pictures, strict=True)
    z = np.array(log_odds, np.float32)
    scores = Scores(np.stack([-z / 2, z / 2], 1), np.array(novelty, np.float32))
    return Judged(tuple(row(label, i) for i, label in enumerate(labels)), scores)


MIXED = judged(
    ("cat", -4.0, 0.1),
    ("cat", 2.0, 0.2),  # taken for a dog
    ("dog", 4.0, 0.3),
    ("dog", 6.0, 0.9),  # a dog, and turned away
    ("neither", 1.0, 0.8),
    ("neither", -1.0, 0.25),  # taken for a cat
)


def test_neither_answered_for_a_pet_is_wrong() -> None:
    figures = judging.metrics(MIXED, CALIBRATION, "test")
    assert (figures.accuracy.value, figures.accuracy.n) == (0.5, 4)
    assert (figures.turned_away.value, figures.turned_away.n) == (0.25, 4)


def test_the_confusion_matrix_counts_every_picture_once() -> None:
    assert judging.metrics(MIXED, CALIBRATION, "test").confusion == {
        "cat": {"cat": 1, "dog": 1, "neither": 0},
        "dog": {"cat": 0, "dog": 1, "neither": 1},
        "neither": {"cat": 1, "dog": 0, "neither": 1},
    }


def test_log_loss_is_of_the_calibrated_probabilities_of_pets() -> None:
    right = 1 / (1 + np.exp(-np.array([4.0, -2.0, 4.0, 6.0]) / CALIBRATION.temperature))
    figures = judging.metrics(MIXED, CALIBRATION, "test")
    assert figures.log_loss == pytest.approx(-np.log(right).mean(), rel=1e-6)


def test_rejection_is_measured_on_pictures_of_neither() -> None:
    figures = judging.metrics(MIXED, CALIBRATION, "test")
    assert figures.neither_rejected is not None
    assert (figures.neither_rejected.value, figures.neither_rejected.n) == (0.5, 2)
    # 8 pairs: 0.8 is over 0.1, 0.2 and 0.3; 0.25 over 0.1 and 0.2
    assert figures.neither_auroc == pytest.approx(5 / 8)


def test_without_pictures_of_neither_nothing_is_said_of_rejection() -> None:
    figures = judging.metrics(MIXED.pets(), CALIBRATION, "test")
    assert (figures.neither_rejected, figures.neither_auroc) == (None, None)


def test_an_interval_is_wilsons_as_published() -> None:
    """15 of 148: Newcombe, 1998, table I."""
    found = judging.interval(15, 148)
    assert (found.value, found.n) == (15 / 148, 148)
    assert (found.low, found.high) == pytest.approx((0.0624, 0.1605), abs=5e-5)


def test_an_interval_of_nothing_says_nothing() -> None:
    found = judging.interval(0, 0)
    assert (found.low, found.high, found.n) == (0, 1, 0)


def test_auroc_is_the_share_of_pairs_in_order_with_ties_by_half() -> None:
    rng = np.random.default_rng(5)
    known = rng.integers(0, 20, 60).astype(np.float32)
    novel = rng.integers(5, 30, 40).astype(np.float32)
    pairs = [(1.0 if b > a else 0.5 if b == a else 0.0) for a in known for b in novel]
    assert judging.auroc(known, novel) == pytest.approx(np.mean(pairs))


def test_batches_keep_the_order_and_lose_none(pets: Path) -> None:
    from data.manifest import build
    from data.source import resolve
    from service.images import network_input

    rows = build(resolve(str(pets))).rows
    batches = list(judging.batches(rows))
    assert max(len(batch) for batch in batches) == judging.BATCH < len(rows)
    expected = np.stack([network_input(r.path.read_bytes()) for r in rows])
    assert np.array_equal(np.concatenate(batches), expected)


def test_a_picture_is_judged_by_the_very_answer_that_is_served() -> None:
    on_the_edge = CALIBRATION.novelty_threshold
    many = judged(
        *(
            ("cat", log_odds, novelty)
            for log_odds in (-4.0, -0.1, 0.1, 4.0)
            for novelty in (0.0, on_the_edge / 2, on_the_edge, 0.75)
        )
    )
    served = [
        answer(logits, float(novelty), CALIBRATION, "catdog:x").label
        for logits, novelty in zip(*many.scores, strict=True)
    ]
    assert many.answers(CALIBRATION) == served
