"""The artifact of a run: whole or not there, and true about what it was made from."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np
import onnx
import pytest
import torch

from data.manifest import Manifest
from data.picture import TEST, TRAIN, VAL, Row
from service import artifact
from service.engine import Engine, Scores
from tests.training.colours import row
from tests.training.conftest import Finished
from training import export, graphs, seen, selection
from training.datamodule import PictureData
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
    assert set(lines) == {f"{each.sha256} {each.phash}" for each in rows if each.split != TEST}


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


def test_confidence_is_calibrated_on_the_validation_part_and_no_other(tmp_path: Path) -> None:
    red, blue, green = (200, 10, 10), (10, 10, 200), (10, 200, 10)
    rows = [
        *(row(tmp_path, "cat", i, red, VAL, "val") for i in range(6)),
        *(row(tmp_path, "dog", i, blue, VAL, "val") for i in range(6)),
        *(
            row(tmp_path, label, i, green, part, part)
            for part in (TRAIN, TEST)
            for label in ("cat", "dog")
            for i in range(6)
        ),
    ]
    seen_colours: list[tuple[int, ...]] = []

    def engine(pixels: np.ndarray) -> Scores:
        seen_colours.extend(map(tuple, pixels[:, 0, 0].tolist()))
        z = (pixels[:, 0, 0, 0].astype(np.float32) - pixels[:, 0, 0, 2]) / 50
        return Scores(np.stack([z, -z], 1), np.zeros(len(pixels), np.float32))

    export.calibrate(cast(Engine, engine), Manifest(tuple(rows)))
    assert Counter(seen_colours) == {red: 6, blue: 6}


def test_int8_is_calibrated_on_training_pictures_and_no_others(
    fitted: Finished, clone_of: Clone, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Export compares precisions on the others."""
    (run,) = clone_of(fitted).home.runs
    write_int8 = graphs.write_int8
    given: list[Row] = []

    def write_and_note(source: Path, folder: Path, rows: Sequence[Row]) -> None:
        given.extend(rows)
        write_int8(source, folder, rows)

    monkeypatch.setattr(graphs, "write_int8", write_and_note)
    export.export(run)
    assert {each.split for each in given} == {TRAIN}


def test_what_is_exported_is_what_was_best_on_the_validation_part(
    fitted: Finished, clone_of: Clone
) -> None:
    """Fine-tuned upside down; the test part, whose labels are too, would choose that."""
    (run,) = clone_of(fitted).home.runs
    saved = torch.load(run.last, weights_only=True)
    saved["state_dict"]["network.head.weight"].neg_()
    run.last.unlink()  # others of the session have links to it
    torch.save(saved, run.last)
    other = {"cat": "dog", "dog": "cat", "neither": "neither"}
    rows = Manifest.load(run.manifest).rows
    swapped = (
        replace(each, label=other[each.label]) if each.split == TEST else each for each in rows
    )
    Manifest(tuple(swapped)).save(run.manifest)
    chosen = selection.choose(run, PictureData(manifest=run.manifest, workers=0))
    assert chosen.name == "stage one"
    solved = selection.read(run.checkpoints / "stage-one.ckpt").state
    assert all(torch.equal(w, solved[name]) for name, w in chosen.network.state_dict().items())
