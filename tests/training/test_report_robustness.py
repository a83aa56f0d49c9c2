"""A report's figures of corrupted pictures, on a network of known arithmetic."""

from pathlib import Path

import numpy as np
import pytest

from data.picture import Row
from service import artifact
from service.artifact import Calibration
from service.openvino_engine import OpenVinoEngine
from tests.pictures import BLUE, GREEN, RED, plain
from training import judging
from training.corruption import CORRUPTIONS, STRENGTHS
from training.report import robustness

CALIBRATION = Calibration(temperature=2.0, novelty_threshold=0.8)


@pytest.fixture
def plain_rows(tmp_path: Path) -> list[Row]:
    """Six red cats, four blue dogs, and a green one that is turned away."""
    found = []
    colours = [("cat", RED)] * 6 + [("dog", BLUE)] * 4 + [("dog", GREEN)]
    for i, (label, rgb) in enumerate(colours):
        path = tmp_path / f"{i}.png"
        path.write_bytes(plain((rgb[0], rgb[1] + (i if rgb is not GREEN else 0), rgb[2])))
        digest = artifact.sha256_of(path)
        found.append(Row(path, label, "test", digest, "", 64, 48))
    return found


def test_robustness_counts_what_a_known_network_answers(
    artifact_folder: Path, plain_rows: list[Row]
) -> None:
    """Colour decides there, which these corruptions leave as it is, but for the dark."""
    found = robustness.measure(OpenVinoEngine(artifact_folder), plain_rows, CALIBRATION)
    assert found.pictures == 11
    assert len(found.cells) == 25
    assert {cell.kind for cell in found.cells} == {c.name for c in CORRUPTIONS}
    for cell in found.cells:
        assert cell.accuracy.n == cell.turned_away.n == 11
    by_kind = {cell.kind: cell for cell in found.cells if cell.strength == STRENGTHS}
    for kind in ("blur", "rotation"):
        assert by_kind[kind].accuracy.value >= 10 / 11  # (20, 250, 20) is a tie
        assert by_kind[kind].turned_away.value == pytest.approx(1 / 11)
    assert by_kind["darkness"].turned_away.value == 0  # too dark to be green
    assert found.clean.value >= 10 / 11


def test_the_mean_is_over_kinds_and_strengths(artifact_folder: Path, plain_rows: list[Row]) -> None:
    found = robustness.measure(OpenVinoEngine(artifact_folder), plain_rows, CALIBRATION)
    shares = [cell.accuracy.value for cell in found.cells]
    assert found.mean.value == pytest.approx(np.mean(shares))
    assert found.mean.low <= found.mean.value <= found.mean.high
    away = np.mean([cell.turned_away.value for cell in found.cells])
    assert found.mean_turned_away == pytest.approx(away)


def test_the_interval_of_a_mean_is_that_of_pictures_not_of_answers() -> None:
    """Pictures that are always or never right: 25 answers of each tell no more than one."""
    right = np.repeat(np.arange(100) < 90, 25).reshape(100, 25)
    found, one = robustness.mean_interval(right), judging.interval(90, 100)
    assert (found.value, found.n) == (0.9, 100)
    assert found.low == pytest.approx(one.low, abs=0.025)
    assert found.high == pytest.approx(one.high, abs=0.025)
