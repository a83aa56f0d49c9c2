"""Two processes with gloo, really: the curve of one, a killed one, and how it goes on."""

import csv
import signal
import subprocess
from pathlib import Path

import pytest
import torch

from tests.training.conftest import Finished, Home, clone
from training import run as runs

STEPS_AN_EPOCH = 4  # 26 training pictures in batches of 8: a last one of 2, one for each
SECOND_EPOCH = STEPS_AN_EPOCH + 2
TOLERANCE = 1e-3
Curve = dict[tuple[int, str], float]


@pytest.fixture(scope="module")
def killed(
    tmp_path_factory: pytest.TempPathFactory, fit_words: tuple[str, ...]
) -> tuple[Home, subprocess.CompletedProcess[str]]:
    """Two processes, of which the second was killed in the middle of the second epoch."""
    home = Home(tmp_path_factory.mktemp("killed"))
    words = (*fit_words[1:], "--trainer.devices", "2")
    return home, home.run("tests.training.killed", str(SECOND_EPOCH), *words)


@pytest.fixture(scope="module", params=["1", "2"])
def resumed(
    request: pytest.FixtureRequest,
    killed: tuple[Home, subprocess.CompletedProcess[str]],
    fit_words: tuple[str, ...],
    tmp_path_factory: pytest.TempPathFactory,
) -> Finished:
    """That run, gone on with by one process, and by two."""
    home = clone(killed[0], tmp_path_factory.mktemp("resumed"))
    return Finished(home, home.succeed(*fit_words, "--trainer.devices", request.param))


def curve(run: runs.Run) -> Curve:
    """(step, name) -> value, less the means over an epoch that was cut."""
    rows = csv.DictReader((run.folder / "metrics.csv").read_text().splitlines())
    return {
        (int(row["step"]), name): float(value)
        for row in rows
        for name, value in row.items()
        if value and "/" in name and name != "train/loss_epoch"
    }


def test_when_one_is_killed_the_job_ends_with_a_sentence(
    killed: tuple[Home, subprocess.CompletedProcess[str]],
) -> None:
    """And all of it ends: `Home.run` comes back only when nobody holds its pipes any more."""
    _, done = killed
    assert done.returncode == 1
    sentence = done.stderr.splitlines()[-1]
    assert sentence.startswith("Error: Process 1 of 2 (counted from 0; pid ")
    assert f"was killed by {signal.SIGKILL.name}" in sentence
    assert "with as many processes as you like" in sentence
    assert done.stderr.count("Error: ") == 1
    assert "Traceback" not in done.stderr


def test_of_two_one_makes_the_run_and_speaks(
    killed: tuple[Home, subprocess.CompletedProcess[str]],
) -> None:
    home, done = killed
    (run,) = home.runs
    assert f"Run folder {run.folder}" in done.stdout
    for once in ("Training on the CPU", "Run folder", "Pictures: ", "ImageNet weights", "Stage"):
        assert done.stdout.count(once) == 1, once
    assert run.state["state"] == "started"
    assert {path.name for path in run.checkpoints.iterdir()} == {"last.ckpt", "stage-one.ckpt"}


def test_it_goes_on_in_its_own_folder_with_another_number_of_processes(resumed: Finished) -> None:
    assert f"Resuming {resumed.run.folder}" in resumed.stdout
    assert "Stage one" not in resumed.stdout
    assert resumed.run.state["state"] == "trained"


def test_two_processes_have_the_loss_curve_of_one(fitted: Finished, resumed: Finished) -> None:
    ours, theirs = curve(resumed.run), curve(fitted.run)
    assert ours.keys() == theirs.keys()
    assert len([key for key in ours if key[1] == "train/loss_step"]) == 2 * STEPS_AN_EPOCH
    assert len([key for key in ours if key[1] == "val/log_loss"]) == 2
    off = {key: abs(ours[key] - theirs[key]) for key in ours}
    assert max(off.values()) <= TOLERANCE, off


def test_two_processes_come_to_the_weights_of_one(fitted: Finished, resumed: Finished) -> None:
    ours, theirs = (torch.load(f.run.last, weights_only=True) for f in (resumed, fitted))
    for key, tensor in theirs["state_dict"].items():
        assert torch.allclose(ours["state_dict"][key], tensor, atol=TOLERANCE), key


def test_make_passes_devices_on_and_leaves_the_release_to_the_first_machine() -> None:
    words = ["make", "--dry-run", "train", "DEVICES=8", "NODES=2"]
    for rank, released in (("0", True), ("1", False)):
        planned = subprocess.run(
            [*words, f"NODE_RANK={rank}"],
            cwd=Path(__file__).parent.parent.parent,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        assert "--trainer.devices 8 --trainer.num_nodes 2" in planned
        assert ("-m training release" in planned) is released
