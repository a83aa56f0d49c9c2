"""What happens to a run: its pictures go or change, it is told to end, a reader is killed."""

import multiprocessing
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from torch import Tensor

from data.manifest import Manifest
from data.picture import TEST, VAL
from service import store
from tests.training.conftest import Finished, save_picture
from training import fit
from training import run as runs
from training.__main__ import main
from training.module import CatDog

# In this process Lightning's and jsonargparse's advice to each other would be errors.
pytestmark = pytest.mark.filterwarnings("ignore")

Clone = Callable[[Finished], Finished]
DEFAULTS = Path("training/configs/default.yaml")


@pytest.fixture
def lost(fitted: Finished, clone_of: Clone, monkeypatch: pytest.MonkeyPatch) -> runs.Run:
    """A trained run; what its manifest says of pictures is for tests to spoil."""
    (run,) = clone_of(fitted).home.runs
    monkeypatch.setenv("CATDOG_RUNS", str(run.folder.parent))
    return run


def point_elsewhere(run: runs.Run, part: str, there: Path) -> Path:
    """Have the manifest name `there` for one picture of a part."""
    row = Manifest.load(run.manifest).part(part)[0]
    run.manifest.write_text(run.manifest.read_text().replace(f"{row.path},", f"{there},"))
    return row.path


def test_a_release_without_one_of_its_pictures_leaves_the_champion(
    lost: runs.Run,
    released: Finished,
    model_store: Path,
    tmp_path: Path,
    refused: Callable[..., str],
) -> None:
    champion = store.add(released.run.artifact)
    point_elsewhere(lost, TEST, tmp_path / "gone.png")
    error = refused(["release"])
    assert f"1 of the manifest's 52 pictures are gone, the first is {tmp_path}/gone.png" in error
    assert "Put them back" in error
    assert not lost.artifact.exists()
    assert lost.state["state"] == "trained"
    assert store.path_of()[1] == champion
    assert model_store.is_dir()


def test_a_picture_that_changed_is_named_though_a_worker_found_it(
    lost: runs.Run, tmp_path: Path, refused: Callable[..., str]
) -> None:
    changed = tmp_path / "changed.png"
    save_picture(changed, "cat", seed=99)
    point_elsewhere(lost, VAL, changed)
    error = refused(["release"])
    assert error.startswith(f"Error: {changed} has changed since the manifest was built. Restore")
    assert not lost.artifact.exists()


def test_an_interrupted_run_that_lost_a_picture_gives_way_to_a_new_one(
    lost: runs.Run,
    tmp_path: Path,
    fit_words: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    lost.record(state="started")
    point_elsewhere(lost, TEST, tmp_path / "gone.png")

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(fit.TrainingCLI, "instantiate_classes", stop)  # the rest is as ever
    assert main(list(fit_words[1:])) == 130
    said = capsys.readouterr().out
    assert f"{lost.folder} cannot go on, a new run begins: 1 of the manifest's 52" in said
    newest, oldest = runs.newest_first()
    assert oldest.folder == lost.folder
    assert f"Run folder {newest.folder}" in said


@contextmanager
def before_each_step(do: Callable[[], object]) -> Iterator[None]:
    """It is done in the midst of training, before each batch."""
    train = CatDog.training_step

    def training_step(self: CatDog, *batch: object) -> Tensor:
        do()
        return train(self, *batch)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(CatDog, "training_step", training_step)
        yield


@pytest.mark.usefixtures("heeds_ctrl_c")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_being_told_to_end_is_no_success(
    number: signal.Signals, fit_words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    """By a scheduler, or by Ctrl-C: or else `make train` would go on to release."""
    with before_each_step(lambda: os.kill(os.getpid(), number)):
        assert main(list(fit_words[1:])) == 130
    assert "Interrupted. Run the same command again" in capsys.readouterr().err
    (run,) = runs.newest_first()
    assert run.state["state"] == "started"


@pytest.mark.parametrize(
    ("number", "all_of_them", "status", "told"),
    [
        (signal.SIGKILL, False, 1, "Error: A process that read pictures died, most likely for"),
        (signal.SIGTERM, True, 130, "Interrupted. Run the same command again"),
    ],
    ids=["for want of memory", "with the whole job"],
)
def test_a_reader_that_is_killed_leaves_a_run_to_go_on_with(
    number: signal.Signals,
    all_of_them: bool,
    status: int,
    told: str,
    fit_words: tuple[str, ...],
    capsys: pytest.CaptureFixture[str],
) -> None:
    def kill() -> None:
        processes = [str(reader.pid) for reader in multiprocessing.active_children()]
        if all_of_them:
            processes.append(str(os.getpid()))
        # From elsewhere: what the trainer itself ends, ends well.
        subprocess.run(["kill", f"-{number.value}", *processes], check=True)

    words = [*fit_words[1:], "--data.workers"]
    with before_each_step(kill):
        assert main([*words, "2"]) == status
    assert told in capsys.readouterr().err
    (run,) = runs.newest_first()
    assert main([*words, "0"]) == 0  # with fewer of them, as the sentence says
    assert run.state["state"] == "trained"
    assert [each.folder for each in runs.newest_first()] == [run.folder]
