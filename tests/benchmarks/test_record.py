"""A benchmark's file is whole or absent."""

import json
from pathlib import Path

from benchmarks import record


def test_what_is_known_so_far_lies_beside_and_an_earlier_run_stays(tmp_path: Path) -> None:
    path = tmp_path / "results" / "speed.json"
    record.write(path, {"round": 0})
    record.keep_partial(path, {"round": 1})
    assert json.loads(path.read_text()) == {"round": 0}
    assert json.loads(path.with_name("speed.json.partial").read_text()) == {"round": 1}


def test_a_finished_run_leaves_one_file(tmp_path: Path) -> None:
    path = tmp_path / "speed.json"
    record.keep_partial(path, {"round": 1})
    record.keep_partial(path, {"round": 2})
    record.finish(path)
    assert json.loads(path.read_text()) == {"round": 2}
    assert list(tmp_path.iterdir()) == [path]
