"""Which run goes on, when its pictures may have changed since it began."""

import os
import shutil
from pathlib import Path

import pytest

from data.manifest import build
from data.source import resolve
from tests.training.conftest import save_picture
from training import resumption
from training import run as runs


@pytest.fixture
def folder(tmp_path: Path, pets: Path) -> Path:
    """Pictures, one of them twice, and one file that is none."""
    folder = tmp_path / "pets"
    shutil.copytree(pets, folder)
    shutil.copyfile(folder / "cat/1.png", folder / "cat/again.png")
    (folder / "dog/notes.txt").write_text("no picture")
    return folder


@pytest.fixture
def run(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> runs.Run:
    """Interrupted."""
    monkeypatch.setenv("CATDOG_RUNS", str(tmp_path / "runs"))
    run = runs.start(str(folder), "a: 1")
    build(resolve(str(folder))).save(run.manifest)
    return run


def later(path: Path, run: runs.Run) -> None:
    """As if it had been written an hour after the run's manifest."""
    written_s = run.manifest.stat().st_mtime + 3600
    os.utime(path, (written_s, written_s))


def test_a_run_whose_pictures_are_as_they_were_goes_on(run: runs.Run, folder: Path) -> None:
    assert resumption.changed(run.manifest, str(folder)) == ""
    assert resumption.resumable("a: 1", str(folder)) == run


def test_pictures_that_were_only_touched_are_no_others(run: runs.Run, folder: Path) -> None:
    later(folder / "cat/0.png", run)
    assert resumption.resumable("a: 1", str(folder)) == run


def test_pictures_that_came_since_begin_a_new_run(
    run: runs.Run, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save_picture(folder / "cat/new.png", "cat", 77)
    save_picture(folder / "dog/3.png", "dog", 78)
    later(folder / "dog/3.png", run)
    assert resumption.resumable("a: 1", str(folder)) is None
    said = capsys.readouterr().out
    assert f"others than {run.folder} began with (1 new, 1 changed): a new run begins" in said


def test_a_file_that_was_left_out_and_is_gone_begins_a_new_run(run: runs.Run, folder: Path) -> None:
    (folder / "dog/notes.txt").unlink()
    assert resumption.changed(run.manifest, str(folder)) == "1 gone"


def test_what_could_not_be_read_and_still_cannot_changes_nothing(
    run: runs.Run, folder: Path
) -> None:
    later(folder / "dog/notes.txt", run)
    assert resumption.changed(run.manifest, str(folder)) == ""


def test_what_could_not_be_read_and_now_can_begins_a_new_run(run: runs.Run, folder: Path) -> None:
    """As HEIC where the extra is installed since, however old the files are."""
    save_picture(folder / "dog/whole.png", "dog", 79)
    (folder / "dog/whole.png").rename(folder / "dog/notes.txt")
    written_s = run.manifest.stat().st_mtime - 3600
    os.utime(folder / "dog/notes.txt", (written_s, written_s))
    assert resumption.changed(run.manifest, str(folder)) == "1 readable now"


def test_a_link_that_leads_to_no_file_any_more_begins_a_new_run(
    run: runs.Run, folder: Path
) -> None:
    (folder / "cat/again.png").unlink()
    (folder / "cat/again.png").symlink_to(folder / "gone.png")
    assert resumption.changed(run.manifest, str(folder)) == "1 changed"


def test_a_run_without_a_manifest_has_seen_no_pictures_yet(run: runs.Run, folder: Path) -> None:
    run.manifest.unlink()
    assert resumption.resumable("a: 1", str(folder)) == run


def test_decisions_that_were_edited_are_others(tmp_path: Path) -> None:
    decisions = tmp_path / "audit.csv"
    decisions.write_text("one")
    before = resumption.described("a: 1", [None, decisions])
    assert resumption.described("a: 1", [None, decisions]) == before
    decisions.write_text("another")
    assert resumption.described("a: 1", [None, decisions]) != before
