"""A disk that is full while training, while checkpoints are written, and while exporting."""

import re
import shutil
from pathlib import Path

import pytest
import torch

from service import store
from tests.small_disk import small_disk
from tests.training.conftest import Finished
from training import run as runs
from training.__main__ import main
from training.checkpoints import WholeCheckpoints
from training.errors import TrainingError

# In this process Lightning's and jsonargparse's advice to each other would be errors.
pytestmark = pytest.mark.filterwarnings("ignore")

# A resnet18's: stage one's checkpoint has 47 MB, those of stage two 114 MB with the optimizer's
# state, model.onnx 47 MB. Room for both checkpoints and not for replacing the second:
ROOM_FOR_ONE_EPOCH_MB = 200
LARGEST_FILE_MB = 80


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder for a disk, where runs are kept."""
    folder = tmp_path / "disk"
    folder.mkdir()
    monkeypatch.setenv("CATDOG_RUNS", str(folder / "runs"))
    return folder


def test_a_checkpoint_that_does_not_fit_leaves_the_one_before(disk: Path) -> None:
    small, large = ({"weights": torch.zeros(n, dtype=torch.uint8)} for n in (10**6, 10**7))
    path = disk / "last.ckpt"
    with small_disk(disk, size_mb=4, largest_file_mb=4):
        WholeCheckpoints().save_checkpoint(small, path)
        with pytest.raises(TrainingError, match=r"disk is full: .*last\.ckpt of 10\.0 MB: .*free"):
            WholeCheckpoints().save_checkpoint(large, path)
        assert torch.load(path, weights_only=True)["weights"].shape == (10**6,)
        assert [p.name for p in disk.iterdir()] == ["last.ckpt"]


def test_training_on_a_full_disk_goes_on_once_there_is_room(
    disk: Path, fitted: Finished, fit_words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    with small_disk(disk, ROOM_FOR_ONE_EPOCH_MB, LARGEST_FILE_MB) as make_room:
        assert main(list(fit_words[1:])) == 1
        error = capsys.readouterr().err.splitlines()[-1]
        assert error.startswith("Error: The disk is full: cannot write ")
        assert "last.ckpt of 114.0 MB" in error
        assert "Make room" in error
        assert "run the same command again" in error
        (run,) = runs.newest_first()
        assert run.state["state"] == "started"
        assert not list(run.checkpoints.glob(".*"))
        for path in run.checkpoints.iterdir():
            torch.load(path, weights_only=True)

        make_room()
        assert main(list(fit_words[1:])) == 0
        assert [r.folder for r in runs.newest_first()] == [run.folder]
        ours, theirs = (torch.load(r.last, weights_only=True) for r in (run, fitted.run))
        for key, tensor in theirs["state_dict"].items():
            assert torch.equal(tensor, ours["state_dict"][key]), key


def test_not_even_room_to_begin_is_a_sentence_too(
    disk: Path, fit_words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    with small_disk(disk, size_mb=4 / 1024, largest_file_mb=0):
        assert main(list(fit_words[1:])) == 1
        error = capsys.readouterr().err
    assert re.match(r"Error: .*annot write .*(No space left on device|File too large)", error)
    assert "Traceback" not in error


def test_an_export_on_a_full_disk_leaves_no_half_artifact_and_the_champion(
    released: Finished, model_store: Path, disk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    champion = store.add(released.run.artifact)
    with small_disk(disk, size_mb=60, largest_file_mb=20):
        run = trained_in(disk, released.run)
        assert main(["release"]) == 1
        error = capsys.readouterr().err.splitlines()[-1]
        assert re.match(r"Error: .*annot write .*model\.(xml|onnx): .*free.*Make room", error)
        assert {path.name for path in run.folder.iterdir()} == {
            *("run.json", "config.yaml", "manifest.csv", "checkpoints", ".lock")
        }
        assert run.state["state"] == "trained"
    assert store.path_of()[1] == champion
    assert len([path for path in (model_store / "catdog").iterdir() if path.is_dir()]) == 1


def trained_in(disk: Path, original: runs.Run) -> runs.Run:
    """A run on that disk that has everything but its checkpoints there."""
    run = runs.Run(disk / "runs" / "trained")
    run.folder.mkdir(parents=True)
    for path in (original.config, original.manifest):
        shutil.copyfile(path, run.folder / path.name)
    run.checkpoints.symlink_to(original.checkpoints)
    run.record(**original.state | {"state": runs.TRAINED})
    return run
