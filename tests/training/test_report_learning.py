"""A report's learning curves, from what Lightning's logger wrote."""

from pathlib import Path

import pytest

from service.artifact import Recipe
from training.errors import TrainingError
from training.report import learning

RECIPE = Recipe(
    backbone="resnet18",
    weights="none",
    config="",
    seed=1,
    stage="stage two",
    log_losses={"stage one": 0.2, "stage two": 0.1},
    accuracies={"stage two": 0.9},
)


def test_learning_curves_are_what_the_logger_wrote(tmp_path: Path) -> None:
    (tmp_path / "metrics.csv").write_text(
        "epoch,step,stage_one/log_loss,train/loss_step,val/accuracy,val/log_loss\n"
        ",0,0.5,,,\n0,4,,0.7,,\n0,9,,0.6,,\n0,9,,,0.9,0.25\n1,19,,,0.95,0.2\n"
    )
    found = learning.read(tmp_path, RECIPE)
    assert [(p.step, p.value) for p in found.train_loss] == [(5, 0.7), (10, 0.6)]
    assert [(p.step, p.value) for p in found.val_log_loss] == [(10, 0.25), (20, 0.2)]
    assert [p.value for p in found.val_accuracy] == [0.9, 0.95]
    assert found.stage_one_log_loss == 0.5
    one, two = found.candidates
    assert (one.name, one.accuracy) == ("stage one", None)
    assert (two.name, two.accuracy) == ("stage two", 0.9)
    assert (one.is_exported, two.is_exported) == (False, True)


def test_without_a_log_there_are_no_curves_but_the_stages(tmp_path: Path) -> None:
    found = learning.read(tmp_path, RECIPE)
    assert (found.train_loss, found.val_log_loss, found.val_accuracy) == ([], [], [])
    assert found.stage_one_log_loss is None
    assert len(found.candidates) == 2


def test_a_damaged_log_is_named(tmp_path: Path) -> None:
    (tmp_path / "metrics.csv").write_text("epoch,step,val/log_loss\n0,x,0.3\n")
    with pytest.raises(TrainingError, match=r"metrics.csv is not what training logged"):
        learning.read(tmp_path, RECIPE)
