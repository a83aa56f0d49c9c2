"""The figures of a report, each held against another way to compute it."""

from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from data.picture import Row
from service.artifact import Calibration
from service.engine import Scores
from service.names import readable
from training import calibration, judging
from training.corruption import CORRUPTIONS
from training.judging import Judged
from training.report import confidence, mistakes, slices
from training.report.examination import Examined, look
from training.report.names import name_in
from training.report.thumbnails import overlay

CALIBRATION = Calibration(temperature=2.0, novelty_threshold=0.8)
N = 200


def row(i: int, label: str, side: int = 300) -> Row:
    return Row(Path(f"/set/{label}/{i}.png"), label, "test", f"{i:064}", "", side, side + i)


@pytest.fixture(scope="module")
def examined() -> Examined:
    """200 pictures of made-up scores: 80 cats, 80 dogs, 40 others; a few of each are wrong."""
    rng = np.random.default_rng(4)
    labels = ["cat"] * 80 + ["dog"] * 80 + ["neither"] * 40
    z = rng.normal(0, 3, N) + np.repeat([-4, 4, 0], [80, 80, 40])
    novelty = np.where(np.array(labels) == "neither", rng.beta(9, 1, N), rng.beta(1, 4, N))
    novelty[[5, 100]] = 0.95  # a cat and a dog that are turned away
    scores = Scores(np.stack([-z / 2, z / 2], 1).astype(np.float32), novelty.astype(np.float32))
    rows = tuple(row(i, label, side=[100, 200, 300][i % 3]) for i, label in enumerate(labels))
    return Examined(
        judged=Judged(rows, scores),
        maps=rng.normal(0, 1, (N, 7, 7)).astype(np.float32),
        brightness=rng.random(N),
        sharpness=rng.lognormal(5, 1, N),
        side=np.array([min(r.width, r.height) for r in rows], float),
    )


def test_slices_lose_no_picture_and_average_to_the_accuracy(examined: Examined) -> None:
    whole = judging.metrics(examined.judged, CALIBRATION, "test").accuracy
    found = slices.slices(examined, CALIBRATION)
    assert [s.name for s in found] == ["brightness", "size", "sharpness"]
    for sliced in found:
        counts = [s.accuracy.n for s in sliced.slices]
        right = sum(s.accuracy.value * s.accuracy.n for s in sliced.slices)
        assert sum(counts) == whole.n == 160
        assert right == pytest.approx(whole.value * whole.n)


def test_slices_are_of_equal_count_but_do_not_part_equal_values(examined: Examined) -> None:
    brightness, size, _ = slices.slices(examined, CALIBRATION)
    assert [s.accuracy.n for s in brightness.slices] == [32] * 5
    assert [(s.low, s.high) for s in size.slices] == [(100, 100), (200, 200), (300, 300)]
    bounds = [b for s in brightness.slices for b in (s.low, s.high)]
    assert bounds == sorted(bounds)


def test_a_sharp_picture_has_more_of_a_laplacian_than_its_blur_and_light_is_bright() -> None:
    sharp = np.random.default_rng(0).integers(0, 256, (224, 224, 3)).astype(np.uint8)
    blurred = CORRUPTIONS[0](sharp, 1, "")
    assert look(sharp)[1] > 10 * look(blurred)[1]
    assert look(np.full((8, 8, 3), 255, np.uint8)) == (1.0, 0.0)
    assert look(np.full((8, 8, 3), 51, np.uint8)) == (pytest.approx(0.2), 0.0)


def test_reliability_bins_are_of_equal_count_and_in_order() -> None:
    rng = np.random.default_rng(1)
    sure = rng.uniform(0.5, 1, 150)
    bins = calibration.reliability(sure, rng.random(150) < sure)
    assert [b.n for b in bins] == [10] * calibration.BINS
    assert [b.confidence for b in bins] == sorted(b.confidence for b in bins)
    assert np.mean([b.confidence for b in bins]) == pytest.approx(sure.mean())


def test_calibration_is_assessed_before_and_after_scaling(examined: Examined) -> None:
    pets = examined.judged.pets()
    found = confidence.assess(examined.judged, CALIBRATION)
    for reliability, temperature in ((found.before, 1.0), (found.after, 2.0)):
        z = (pets.scores.logits[:, 1] - pets.scores.logits[:, 0]).astype(float) / temperature
        sure = 1 / (1 + np.exp(-np.abs(z)))
        order = np.argsort(sure, kind="stable")
        gaps = [
            len(part) * abs(sure[part].mean() - pets.right[part].mean())
            for part in np.array_split(order, calibration.BINS)
        ]
        assert reliability.error == pytest.approx(sum(gaps) / 160, rel=1e-6)
        assert {b.accuracy.n for b in reliability.bins} == {10, 11}
    metrics = judging.metrics(examined.judged, CALIBRATION, "test")
    assert found.after.error == pytest.approx(metrics.calibration_error)


def test_areas_under_the_curves_are_scikit_learns(examined: Examined) -> None:
    judged = examined.judged
    found = confidence.assess(judged, CALIBRATION)
    pets = judged.pets()
    z = pets.scores.logits[:, 1] - pets.scores.logits[:, 0]
    assert found.dog.auroc == pytest.approx(roc_auc_score(pets.labels, z))
    is_other = [r.label == "neither" for r in judged.rows]
    assert found.novelty is not None
    assert found.novelty.auroc == pytest.approx(roc_auc_score(is_other, judged.scores.novelty))
    area = np.trapezoid(found.novelty.true_positive, found.novelty.false_positive)
    assert area == pytest.approx(found.novelty.auroc)


def test_rejection_at_one_percent_turns_away_no_more_of_the_pets() -> None:
    pets = np.linspace(0, 0.99, 100)
    others = np.array([0.5, 0.97, 0.985, 0.995])
    assert confidence.rejected(pets, others).value == 0.5  # over 0.98, as one pet is
    assert confidence.rejected(np.linspace(0, 0.999, 1000), others).value == 0.25
    assert confidence.rejected(np.full(50, 0.2), others).value == 1


def test_histograms_count_every_picture_once(examined: Examined) -> None:
    found = confidence.assess(examined.judged, CALIBRATION)
    assert sum(map(sum, found.histogram.counts.values())) == 160
    assert {k: sum(v) for k, v in found.novelty_histogram.counts.items()} == {
        "cats and dogs": 160,
        "neither": 40,
    }


def test_without_pictures_of_neither_nothing_is_said_of_novelty(examined: Examined) -> None:
    found = confidence.assess(examined.judged.pets(), CALIBRATION)
    assert (found.novelty, found.rejected_at_one_percent) == (None, None)


def test_mistakes_are_the_answers_unlike_their_labels_surest_first(examined: Examined) -> None:
    answers = examined.judged.answers(CALIBRATION)
    wrong = {i for i, r in enumerate(examined.judged.rows) if answers[i] != r.label}
    found = mistakes.find(examined, CALIBRATION, "/set")
    assert 0 < len(wrong) == found.total < mistakes.MOST
    assert {a.index for a in found.shown} == wrong
    sure = [a.confidence for a in found.shown]
    assert sure == sorted(sure, reverse=True)
    assert sum(sum(of.values()) for of in found.kinds.values()) == found.total
    assert {a.answered for a in found.shown} == {"cat", "dog", "neither"}
    for a in found.shown:
        if a.answered == "neither":
            assert a.confidence == a.novelty > 0.8
    assert found.shown[0].name == f"{found.shown[0].label}/{found.shown[0].index}.png"


def test_right_answers_fill_up_from_the_least_certain(examined: Examined) -> None:
    found = mistakes.find(examined, CALIBRATION, "/set")
    assert len(found.doubtful) == min(24, 48 - found.total)
    assert all(a.label == a.answered for a in found.doubtful)
    sure = [a.confidence for a in found.doubtful]
    assert sure == sorted(sure)
    assert max(sure) < 0.9


def test_a_map_is_blue_where_it_spoke_for_a_cat_and_orange_where_for_a_dog() -> None:
    spoke = np.zeros((7, 7), np.float32)
    spoke[:3, :], spoke[4:, :] = -1, 1
    laid = overlay(np.full((224, 224, 3), 128, np.uint8), spoke).astype(int)
    assert (laid[40, :, 2] - laid[40, :, 0] > 60).all()
    assert (laid[184, :, 0] - laid[184, :, 2] > 60).all()
    assert np.abs(laid[112, :, 0] - laid[112, :, 2]).max() < 40


def test_a_map_without_any_evidence_leaves_the_picture_grey() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (16, 16, 3)).astype(np.uint8)
    laid = overlay(pixels, np.zeros((7, 7), np.float32))
    assert (laid.max(2) == laid.min(2)).all()


def test_names_that_are_no_text_can_be_read() -> None:
    assert name_in("/set", Path("/set/cat/a.png")) == "cat/a.png"
    assert name_in("/set", Path("/other/a.png")) == "/other/a.png"
    assert readable(b"/a/\xff.png".decode("utf-8", "surrogateescape")) == r"/a/\xff.png"
