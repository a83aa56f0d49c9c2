"""One seed, one machine: the same bits, whatever the workers and however often it was killed."""

import csv
import signal

import pytest
import torch

from service import artifact
from tests.training.conftest import Finished, Home, clone
from training import run as runs

STEPS_AN_EPOCH = 4  # 26 training pictures in batches of 8
MID_EPOCHS = (2, STEPS_AN_EPOCH + 2)


@pytest.fixture(scope="module")
def resumed(tmp_path_factory: pytest.TempPathFactory, fit_words: tuple[str, ...]) -> Finished:
    """Killed in the middle of its first epoch, then of its second, then left alone.

    The first kill leaves no checkpoint of stage two, the second one that is two steps old. That
    the first begins anew (`--resume false`) does not make it another run.
    """
    home = Home(tmp_path_factory.mktemp("resumed"))
    words = (*fit_words[1:], "--data.workers", "2")
    for step, anew in zip(MID_EPOCHS, (("--resume", "false"), ()), strict=True):
        done = home.run("tests.training.killed", str(step), *words, *anew)
        assert done.returncode == -signal.SIGKILL, done.stderr[-4000:]
    assert home.runs[0].state["state"] == "started"
    return Finished(home, home.succeed("training", *words))


@pytest.fixture(scope="module")
def resumed_and_released(resumed: Finished, tmp_path_factory: pytest.TempPathFactory) -> Finished:
    home = clone(resumed.home, tmp_path_factory.mktemp("resumed-released"))
    return Finished(home, home.succeed("training", "release"))


def metrics_of(run: runs.Run) -> list[dict[str, str]]:
    """The lines of metrics.csv, less the means over epochs: an epoch that was cut has none."""
    rows = csv.DictReader((run.folder / "metrics.csv").read_text().splitlines())
    return [row for row in rows if not row["train/loss_epoch"]]


def test_a_killed_run_goes_on_in_its_own_folder(resumed: Finished) -> None:
    assert f"Resuming {resumed.run.folder}" in resumed.stdout
    assert "Stage one" not in resumed.stdout
    assert resumed.run.state["state"] == "trained"


def test_a_kill_leaves_no_part_of_a_checkpoint(resumed: Finished) -> None:
    names = {path.name for path in resumed.run.checkpoints.iterdir()}
    assert names == {"last.ckpt", "stage-one.ckpt"}


def test_the_metrics_of_a_resumed_run_are_those_of_one_that_was_not_killed(
    fitted: Finished, resumed: Finished
) -> None:
    assert metrics_of(resumed.run) == metrics_of(fitted.run)


@pytest.mark.parametrize("name", ["last", "stage-one"])
def test_the_same_seed_gives_the_same_bits_whatever_the_workers_and_kills(
    fitted: Finished, resumed: Finished, name: str
) -> None:
    ours, theirs = (
        torch.load(f.run.checkpoints / f"{name}.ckpt", weights_only=True) for f in (fitted, resumed)
    )
    assert ours["epoch"] == theirs["epoch"]
    assert ours["state_dict"].keys() == theirs["state_dict"].keys()
    for key, tensor in ours["state_dict"].items():
        assert torch.equal(tensor, theirs["state_dict"][key]), key


def test_the_exported_files_are_the_same_to_the_last_bit(
    released: Finished, resumed_and_released: Finished
) -> None:
    ours, theirs = (artifact.verify(f.run.artifact) for f in (released, resumed_and_released))
    assert {artifact.ONNX, artifact.OPENVINO, artifact.OPENVINO_WEIGHTS} <= ours.files.keys()
    assert theirs.files == ours.files


def test_the_figures_in_the_card_are_the_same(
    released: Finished, resumed_and_released: Finished
) -> None:
    ours, theirs = (
        artifact.read_card(f.run.artifact).model_dump(
            exclude={"created": True, "git_commit": True, "recipe": {"config"}}
        )
        for f in (released, resumed_and_released)
    )
    assert ours == theirs
    assert ours["metrics"]["accuracy"]["n"] > 0
