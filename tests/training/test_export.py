"""The artifact of a run: whole or not there, and true about what it was made from."""

from collections.abc import Callable

import onnx
import pytest

from data.manifest import Manifest
from data.picture import TEST
from service import artifact
from tests.training.conftest import Finished
from training import export, seen
from training.errors import TrainingError

Clone = Callable[[Finished], Finished]


def test_the_artifact_is_whole_and_holds_no_pickle(released: Finished) -> None:
    card = artifact.verify(released.run.artifact)
    assert card.proof is not None
    assert card.proof.labels_equal
    assert card.proof.max_logit_difference <= 1e-3
    names = {path.name for path in released.run.artifact.iterdir()}
    assert names == set(card.files) | {artifact.CARD}
    graphs_of_it = {"model.onnx", "model.xml", "model.bin"}
    assert names == {"card.json", "trained-on.txt", "imagenet-classes.txt"} | graphs_of_it
    onnx.checker.check_model(str(released.run.artifact / artifact.ONNX))


def test_the_artifact_lists_exactly_what_it_has_seen(released: Finished) -> None:
    lines = (released.run.artifact / seen.TRAINED_ON).read_text().splitlines()
    rows = Manifest.load(released.run.manifest).rows
    assert set(lines) == {f"{row.sha256} {row.phash}" for row in rows if row.split != TEST}


def test_an_export_that_dies_leaves_nothing_and_the_next_one_succeeds(
    fitted: Finished, clone_of: Clone, monkeypatch: pytest.MonkeyPatch
) -> None:
    (run,) = clone_of(fitted).home.runs

    def die(*_: object) -> None:
        raise OSError("disk full")

    with monkeypatch.context() as patched:
        patched.setattr(artifact, "write_card", die)
        with pytest.raises(OSError, match="disk full"):
            export.export(run)
    assert not run.artifact.exists()
    assert run.state["state"] == "trained"
    card = export.export(run)
    assert artifact.verify(run.artifact) == card


def test_a_run_without_checkpoints_is_refused(fitted: Finished, clone_of: Clone) -> None:
    (run,) = clone_of(fitted).home.runs
    (run.checkpoints / "stage-one.ckpt").unlink()
    with pytest.raises(TrainingError, match="run `make train` again"):
        export.export(run)
    assert not run.artifact.exists()
