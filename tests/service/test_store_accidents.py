"""Whatever happens to a promotion or a rollback: what served goes on serving, or the new one."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.live_server import REPOSITORY


def states_after(accident: str, store: Path, exported: Path) -> list[dict[str, Any]]:
    """See `tests.service.store_accidents`, which fails where a model listed is not whole."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.service.store_accidents", accident, store, exported],
        cwd=REPOSITORY,
        env=os.environ | {"BENTOML_DO_NOT_TRACK": "True"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    states: list[dict[str, Any]] = json.loads(done.stdout)
    return states


def test_a_first_promotion_killed_at_any_step_leaves_no_model_or_a_whole_one(
    tmp_path: Path, artifact_folder: Path
) -> None:
    states = states_after("kill_first_add", tmp_path, artifact_folder)
    assert len(states) > 20
    assert [state["was_killed"] for state in states[-2:]] == [True, False]
    assert {state["listed"] for state in states} == {0, 1}
    assert (states[0]["serves"], states[-1]["listed"]) == (None, 1)


def test_a_promotion_killed_at_any_step_leaves_the_champion_in_service(
    tmp_path: Path, artifact_folder: Path
) -> None:
    *killed, whole, after = states_after("kill_add", tmp_path, artifact_folder)
    assert len(killed) > 20
    assert all(state["was_killed"] for state in killed)
    assert all(state["serves"] == state["before"] for state in killed)
    assert whole["serves"] != whole["before"]
    assert after["left"] == ["catdog"], "the next promotion clears what the killed ones left"


def test_a_rollback_killed_at_any_step_leaves_the_old_or_the_new_in_service(
    tmp_path: Path, artifact_folder: Path
) -> None:
    *killed, whole = states_after("kill_rollback", tmp_path, artifact_folder)
    assert len(killed) > 5
    assert all(state["serves"] == state["before"] for state in killed)
    assert whole["serves"] == whole["goal"] != whole["before"]
    assert {state["listed"] for state in (*killed, whole)} == {2}


def test_a_promotion_without_room_for_its_files_leaves_the_champion_and_says_so(
    tmp_path: Path, artifact_folder: Path
) -> None:
    """Whichever file is the first that cannot be written: description, graph or `latest`."""
    for state in states_after("no_space", tmp_path, artifact_folder):
        assert state["status"] == 0, "a StoreError, not a traceback"
        assert (state["serves"], state["listed"]) == (state["before"], 1)
        assert state["said"] == (
            f"The model store {tmp_path} cannot be written: File too large. What is in service "
            "stays. Free some space there, or get the right to write, and run the same command "
            "again."
        )
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == ["catdog"]


def test_whoever_looks_while_two_change_what_serves_sees_a_whole_model(
    tmp_path: Path, artifact_folder: Path
) -> None:
    (state,) = states_after("read_while_it_changes", tmp_path, artifact_folder)
    assert sorted(state["seen"]) == sorted(state["tags"])
    assert min(state["seen"].values()) > 0
    assert state["statuses"] == [0, 0]


def test_the_accidents_of_these_tests_are_real(tmp_path: Path, artifact_folder: Path) -> None:
    with pytest.raises(AssertionError, match="no_such_accident"):
        states_after("no_such_accident", tmp_path, artifact_folder)
