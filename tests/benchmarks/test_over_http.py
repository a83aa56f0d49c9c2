"""python -m benchmarks.over_http, asking the session's server about colours that it knows."""

import json
import subprocess
import sys
from pathlib import Path

from tests import pictures
from tests.live_server import REPOSITORY, Server
from tests.pictures import BLUE, GREEN, RED


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "benchmarks.over_http", *map(str, arguments)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )


def test_answers_are_counted_by_what_they_should_have_been(server: Server, tmp_path: Path) -> None:
    """Ten cats, of which one looks like a dog and one like neither; one dog's file is damaged."""
    shown = {
        "cat": [*[RED] * 8, BLUE, GREEN],
        "dog": [BLUE] * 9,
        "neither": [GREEN, GREEN, RED],
    }
    for label, colours in shown.items():
        for i, rgb in enumerate(colours):
            path = tmp_path / "pets" / label / f"{i}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(pictures.plain(rgb, size=(8 + i, 8)))
    (tmp_path / "pets/dog/broken.jpg").write_bytes(pictures.truncated_jpeg())
    out = tmp_path / "figures.json"
    done = run(tmp_path / "pets", "--url", server.url, "--out", out)
    assert done.returncode == 0, done.stderr
    found = json.loads(out.read_text())
    assert json.loads(done.stdout) == found
    assert found["statuses"] == {"200": 22, "422": 1}
    assert (found["accuracy"]["value"], found["accuracy"]["n"]) == (17 / 20, 20)
    assert (found["turned_away"]["value"], found["turned_away"]["n"]) == (1 / 20, 20)
    assert (found["neither_rejected"]["value"], found["neither_rejected"]["n"]) == (2 / 3, 3)
    assert found["source"] == "pets"
    assert sum(count for tag, count in found["models"].items() if tag.startswith("catdog:")) == 22


def test_where_nothing_answers_it_says_how_to_start_something(tmp_path: Path) -> None:
    for label in ("cat", "dog"):
        (tmp_path / label).mkdir()
        (tmp_path / label / "1.png").write_bytes(pictures.plain(RED))
    done = run(tmp_path, "--url", "http://127.0.0.1:9")
    assert done.returncode == 1
    assert "Error: nothing answers at http://127.0.0.1:9. Start it: make serve." in done.stderr
    assert "Traceback" not in done.stderr
