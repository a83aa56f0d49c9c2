"""Runs by their states: which one is gone on with, which is released, and who may touch it."""

import json
import os
import signal
from pathlib import Path

import pytest

from tests.training.holding import held_by_another
from training import run as runs
from training.errors import TrainingError


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CATDOG_RUNS", str(tmp_path))
    return tmp_path


def started(name: str, **state: str) -> runs.Run:
    """A run by this name; names go with the time at which runs began."""
    run = runs.Run(runs.root() / name)
    run.checkpoints.mkdir(parents=True)
    run.record(source="/some/pets", config_digest=runs.digest("a: 1"), state="started", **state)
    return run


def release(run: runs.Run) -> None:
    run.record(state=runs.RELEASED)
    run.report.write_text("<html>")


def test_a_run_whose_state_was_cut_short_counts_as_none(root: Path) -> None:
    whole = runs.start("/some/pets", "a: 1")
    (root / "cut").mkdir()
    (root / "cut" / runs.STATE).write_text('{"sta')
    assert [run.folder for run in runs.newest_first()] == [whole.folder]


def test_only_the_very_same_configuration_is_gone_on_with() -> None:
    run = runs.start("/some/pets", "a: 1")
    assert runs.unfinished("a: 1") == run
    assert runs.unfinished("a: 2") is None
    assert json.loads((run.folder / runs.STATE).read_text())["source"] == "/some/pets"


def test_a_run_is_unfinished_until_its_report_is_there() -> None:
    run = started("1-pets")
    for state in ("started", runs.TRAINED, runs.RELEASED):
        run.record(state=state)
        assert runs.unfinished("a: 1") == run
    run.report.write_text("<html>")
    assert runs.unfinished("a: 1") is None


def test_what_is_released_is_the_run_that_was_trained_last_not_the_one_begun_last() -> None:
    interrupted, other = started("1-pets"), started("2-pets")
    other.record_trained()
    assert runs.find(None) == other
    release(other)
    interrupted.record_trained()  # gone on with, a week later
    assert runs.find(None) == interrupted
    release(interrupted)
    assert runs.find(None) == interrupted


def test_of_two_that_wait_the_one_trained_last_is_released() -> None:
    older, newer = started("1-pets"), started("2-pets")
    newer.record_trained()
    older.record_trained()
    assert runs.find(None) == older
    newer.record_trained()  # as `fit` does where there is nothing left to train
    assert runs.find(None) == newer


def test_a_run_without_its_report_goes_before_those_that_have_one() -> None:
    cut_off, whole = started("1-pets"), started("2-pets")
    for run in (cut_off, whole):
        run.record_trained()
        release(run)
    cut_off.report.unlink()
    assert runs.find(None) == cut_off


def test_a_folder_that_cannot_be_made_is_said_in_a_sentence(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "file").write_text("")
    monkeypatch.setenv("CATDOG_RUNS", str(root / "file"))
    with pytest.raises(TrainingError, match=r"Cannot write .*: Not a directory .* is writable"):
        runs.start("/some/pets", "a: 1")


def test_one_process_at_a_time_works_on_a_run_and_a_killed_one_on_none() -> None:
    run = started("1-pets")
    with (
        held_by_another(run),
        pytest.raises(TrainingError, match=r"at work on .*1-pets.*make train RESUME=false"),
    ):
        run.hold()
    run.hold()
    run.hold()  # for who has it already it is nothing new


def test_a_worker_that_lives_on_for_a_moment_holds_no_run() -> None:
    run = started("1-pets")
    read, write = os.pipe()
    holder = os.fork()
    if holder == 0:
        run.hold()
        worker = os.fork()
        if worker == 0:
            signal.pause()
        os.write(write, str(worker).encode())
        os._exit(0)
    os.waitpid(holder, 0)
    worker = int(os.read(read, 20))
    try:
        run.hold()
    finally:
        os.kill(worker, signal.SIGKILL)
        os.close(read)
        os.close(write)
