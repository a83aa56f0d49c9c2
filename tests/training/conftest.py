"""Pictures and weights made here, and the commands run on them once for all tests."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.models import resnet18

from tests import live_server
from tests.live_server import REPOSITORY
from training import decoded
from training import run as runs
from training.__main__ import main
from training.datamodule import PictureData
from training.network import CAT_CLASSES, DOG_CLASSES, CatDogNet
from training.run import Run
from training.selection import choose

BRIGHT_CHANNEL = {"cat": 0, "neither": 1, "dog": 2}  # red, green, blue


@dataclass(frozen=True)
class Home:
    """A place of its own for all that the commands keep: runs, promoted models, downloads."""

    folder: Path

    @property
    def runs(self) -> list[Run]:
        """Newest first, by their names."""
        return [Run(path) for path in sorted((self.folder / "runs").glob("*"), reverse=True)]

    @property
    def environment(self) -> dict[str, str]:
        """Ours, less what is set for runs and stores that are not the tests'."""
        return live_server.environment(self.folder / "bentoml") | {
            "CATDOG_RUNS": str(self.folder / "runs"),
            "CATDOG_CACHE": str(self.folder / "cache"),
        }

    def start(self, *words: str) -> subprocess.Popen[str]:
        """`python -m ...` in a process group of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", *words],
            cwd=REPOSITORY,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """`python -m ...` to its end, whatever its status."""
        return subprocess.run(
            [sys.executable, "-m", *words],
            cwd=REPOSITORY,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def succeed(self, *words: str) -> str:
        """`run` what must exit with 0. Returns its stdout."""
        done = self.run(*words)
        assert done.returncode == 0, done.stderr[-4000:]
        return done.stdout


@dataclass(frozen=True)
class Finished:
    """A home in which a command did its work, and what it printed."""

    home: Home
    stdout: str

    @property
    def run(self) -> Run:
        (run,) = self.home.runs
        return run


def save_picture(path: Path, label: str, seed: int) -> None:
    """Smooth noise in a label's colour, no nearer to another seed's than photographs are."""
    pixels = np.random.default_rng([seed, BRIGHT_CHANNEL[label]]).integers(0, 100, (6, 8, 3))
    pixels[..., BRIGHT_CHANNEL[label]] += 150
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels.astype(np.uint8)).resize((64, 48), Image.Resampling.BICUBIC).save(path)


@pytest.fixture(scope="session")
def pets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty reddish cats, twenty bluish dogs and twelve greenish others."""
    folder = tmp_path_factory.mktemp("pictures") / "pets"
    for label, count in (("cat", 20), ("dog", 20), ("neither", 12)):
        for i in range(count):
            save_picture(folder / label / f"{i}.png", label, i)
    return folder


@pytest.fixture(scope="session")
def weights_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A resnet18 that has learned nothing, and holds every picture for a pet beyond doubt.

    Novelty is 0 so: what random features say of it would turn some of the few test
    pictures away.
    """
    torch.manual_seed(0)
    network = resnet18()
    with torch.no_grad():
        network.fc.weight.zero_()
        network.fc.bias.zero_()
        network.fc.bias[CAT_CLASSES] = 500
        network.fc.bias[DOG_CLASSES] = 500
    path = tmp_path_factory.mktemp("weights") / "random.pth"
    torch.save(network.state_dict(), path)
    return path


@pytest.fixture(scope="session")
def fit_words(pets: Path, weights_file: Path) -> tuple[str, ...]:
    """`training fit` on those pictures for two epochs, on the CPU even where there is a GPU."""
    return (
        *("training", "fit", "--config", "training/configs/default.yaml"),
        *("--data.source", str(pets), "--data.batch_size", "8"),
        *("--model.backbone", "resnet18", "--model.weights", str(weights_file)),
        *("--trainer.max_epochs", "2", "--trainer.accelerator", "cpu"),
        *("--trainer.log_every_n_steps", "1"),
    )


@pytest.fixture(scope="session")
def fitted(tmp_path_factory: pytest.TempPathFactory, fit_words: tuple[str, ...]) -> Finished:
    """A home after `training fit`. Not to be changed: clone it."""
    home = Home(tmp_path_factory.mktemp("fitted"))
    return Finished(home, home.succeed(*fit_words))


@pytest.fixture(scope="session")
def released(fitted: Finished, tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """A home after `training release` too. Not to be changed: clone it."""
    home = clone(fitted.home, tmp_path_factory.mktemp("released"))
    return Finished(home, home.succeed("training", "release"))


@pytest.fixture(scope="session")
def network(released: Finished) -> CatDogNet:
    """What that run exported, chosen again. Who changes it puts it back."""
    data = PictureData(manifest=released.run.manifest, workers=0)
    return choose(released.run, data).network


def clone(home: Home, folder: Path) -> Home:
    """A copy to experiment on; checkpoints, which are replaced but never edited, are linked."""

    def copy(source: str, target: str) -> None:
        (os.link if source.endswith(".ckpt") else shutil.copyfile)(source, target)

    shutil.copytree(home.folder, folder, copy_function=copy, dirs_exist_ok=True)
    return Home(folder)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """An empty one."""
    return Home(tmp_path / "home")


@pytest.fixture
def clone_of(tmp_path: Path) -> Callable[[Finished], Finished]:
    """Clones what other tests use too."""
    return lambda finished: Finished(clone(finished.home, tmp_path / "clone"), finished.stdout)


@pytest.fixture(autouse=True)
def private_places(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only tests marked `registry` may use the shared cache, to fetch once for all runs."""
    if request.node.get_closest_marker("registry") is None:
        monkeypatch.setenv("CATDOG_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("CATDOG_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("BENTOML_DO_NOT_TRACK", "True")
    monkeypatch.setattr(decoded, "RESERVE_BYTES", 0)  # however full the disk of the tests is


@pytest.fixture
def refused(capsys: pytest.CaptureFixture[str]) -> Callable[[list[str]], str]:
    """Runs a command that must fail and leave no run; gives its last line on stderr."""

    def refuse(words: list[str], status: int = 1) -> str:
        before = [run.folder for run in runs.newest_first()]
        assert _status_of(words) == status
        assert [run.folder for run in runs.newest_first()] == before
        error = capsys.readouterr().err
        assert "Traceback" not in error
        line = error.splitlines()[-1]
        assert line.startswith("Error: ")
        return line

    return refuse


def _status_of(words: list[str]) -> object:
    """What the process would exit with."""
    try:
        return main(words)
    except SystemExit as exc:  # argparse's way
        return exc.code
