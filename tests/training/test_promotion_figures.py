"""What the gate is told of two models: their sizes, and their losses as they are served."""

from pathlib import Path

import numpy as np
import pytest

from service import artifact, store
from service.openvino_engine import OpenVinoEngine
from tests import known_network, pictures
from tests.training.colours import make_run, pets
from training import comparison, promotion, timing


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Their speed is of no account here."""
    monkeypatch.setattr(timing, "LEAST_S", 0.01)


@pytest.mark.usefixtures("model_store")
def test_each_model_has_the_size_of_its_own_graph(tmp_path: Path) -> None:
    rows = pets(tmp_path)
    promotion.promote(make_run(tmp_path / "heavy", rows, is_heavy=True))
    champion, _ = store.path_of()
    run = make_run(tmp_path / "light", rows)
    promotion.promote(run)
    kept = comparison.read(run)
    champion_bytes, challenger_bytes = (
        sum((folder / name).stat().st_size for name in ("model.xml", "model.bin"))
        for folder in (champion, run.artifact)
    )
    assert (kept.champion_bytes, kept.challenger_bytes) == (champion_bytes, challenger_bytes)
    assert champion_bytes > challenger_bytes


def test_losses_are_of_calibrated_probabilities(tmp_path: Path) -> None:
    rows = pets(tmp_path, of_each=1)
    run = make_run(tmp_path / "known", rows)
    judged = promotion.score(OpenVinoEngine(run.artifact), rows, "Test part")
    found = promotion.contestant(judged, artifact.read_card(run.artifact), 1)
    of_its_label = [known_network.p_cat(pictures.RED), 1 - known_network.p_cat(pictures.BLUE)]
    assert found.losses == pytest.approx(-np.log(of_its_label), rel=1e-4)
