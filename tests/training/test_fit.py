"""`python -m training fit`, as users run it."""

import csv
import re
from collections.abc import Callable
from pathlib import Path

import torch
import yaml

from data.manifest import Manifest
from data.picture import TRAIN
from tests.training.conftest import Finished, Home
from training import run as runs

Clone = Callable[[Finished], Finished]


def metrics_of(run: runs.Run) -> dict[int, dict[str, str]]:
    """Epoch -> name -> value, of the epochs that were validated."""
    rows = list(csv.DictReader((run.folder / "metrics.csv").read_text().splitlines()))
    return {int(row["epoch"]): row for row in rows if row["val/log_loss"]}


def test_a_run_keeps_all_there_is_to_know_of_it(fitted: Finished, pets: Path) -> None:
    run = fitted.run
    config = yaml.safe_load(run.config.read_text())
    assert config["data"]["source"] == str(pets)
    assert config["model"]["backbone"] == "resnet18"
    assert config["seed_everything"] == 1
    assert {row.label for row in Manifest.load(run.manifest).rows} == {"cat", "dog", "neither"}
    assert metrics_of(run).keys() == {0, 1}
    assert list((run.folder / "tensorboard").glob("events.out.tfevents.*"))
    assert {p.name for p in run.checkpoints.iterdir()} == {"last.ckpt", "stage-one.ckpt"}
    assert run.state["state"] == "trained"
    assert f"Trained: {run.folder}" in fitted.stdout
    part = r"\d+ cats, \d+ dogs and \d+ of neither"
    counted = rf"Pictures: train {part}; val {part}; test {part}; 0 files left out\n"
    assert re.search(counted, fitted.stdout)


def test_it_learns_what_cannot_be_missed(fitted: Finished) -> None:
    best = min(metrics_of(fitted.run).values(), key=lambda row: float(row["val/log_loss"]))
    assert float(best["val/accuracy"]) == 1.0
    assert float(best["val/log_loss"]) < 0.2


def test_checkpoints_can_be_read_without_running_anything_of_them(fitted: Finished) -> None:
    for path in fitted.run.checkpoints.glob("*.ckpt"):
        saved = torch.load(path, map_location="cpu", weights_only=True)
        assert saved["catdog"]["backbone"] == "resnet18"


def test_a_trained_run_is_not_trained_again(
    fitted: Finished, clone_of: Clone, fit_words: tuple[str, ...]
) -> None:
    home = clone_of(fitted).home
    (run,) = home.runs
    trained = run.state.pop("trained")

    def written() -> dict[Path, int]:
        files = (p for p in run.folder.rglob("*") if p.is_file() and p.name != runs.STATE)
        return {p: p.stat().st_mtime_ns for p in files}

    before = written()
    assert "nothing to train" in home.succeed(*fit_words)
    assert written() == before
    assert run.state["state"] == "trained"
    assert run.state["trained"] > trained  # it is what `release` takes now
    assert len(home.runs) == 1


def test_help_is_there_at_once(home: Home) -> None:
    text = home.succeed("training", "--help")
    assert all(re.search(rf"^ +{command} ", text, re.M) for command in ("fit", "release"))
    assert not home.folder.exists()


def test_no_command_at_all_shows_the_usage(home: Home) -> None:
    done = home.run("training")
    assert done.returncode == 2
    assert "usage: python -m training" in done.stderr


def test_the_head_is_solved_on_the_training_part_alone(fitted: Finished) -> None:
    n = len(Manifest.load(fitted.run.manifest).part(TRAIN))
    assert f"head solved on {n} pictures" in fitted.stdout
