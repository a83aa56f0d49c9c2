"""`python -m scoring`, as a user runs it on one machine."""

import contextlib
import json
import re
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from scoring.__main__ import main
from tests import pictures
from tests.scoring.archives import write_table, write_tar
from tests.scoring.conftest import BAD, GOOD, Row, rows

TIMEOUT_S = 180  # no claim of these tests depends on it


@pytest.fixture
def mixed(tmp_path: Path) -> tuple[Path, dict[str, bytes]]:
    """Pictures good and bad, as files, in a tar and in a table; and each by its name."""
    folder = tmp_path / "in"
    folder.mkdir()
    everything = GOOD | BAD | {"endless.jpg": pictures.endless()}
    for name, data in everything.items():
        (folder / name).write_bytes(data)
    write_tar(folder / "t.tar", GOOD | BAD)
    table = [*GOOD.values(), *BAD.values()]
    write_table(folder / "t.parquet", image=table)
    named = {f"{folder}/{name}": data for name, data in everything.items()}
    named |= {f"{folder}/t.tar#{name}": data for name, data in (GOOD | BAD).items()}
    named |= {f"{folder}/t.parquet#{row}": data for row, data in enumerate(table)}
    return folder, named


def assert_as_over_http(row: Row, data: bytes, client: httpx.Client) -> None:
    """An answer is equal to 1e-3; a problem is of the same kind."""
    over_http = client.post("/predict", files={"image": ("picture", data)})
    answer = over_http.json()
    if over_http.status_code != 200:
        assert answer["type"] == f"/docs#{row['problem']}"
        assert row["label"] is row["confidence"] is row["novelty"] is row["probabilities"] is None
        assert row["error"]
        return
    assert (row["label"], row["model"]) == (answer["label"], answer["model"])
    assert row["problem"] is row["error"] is None
    for key in ("confidence", "novelty", "probabilities"):
        assert row[key] == pytest.approx(answer[key], abs=1e-3)


def addresses(process: psutil.Process) -> set[str]:
    """Of the sockets that a process and those it started have now, at both ends.

    But for what is left of Ray's dashboard, which asks link-local addresses for a cloud.
    """
    found = set()
    for one in (process, *process.children(recursive=True)):
        with contextlib.suppress(psutil.Error):
            if any(word.endswith("dashboard/dashboard.py") for word in one.cmdline()):
                continue
            ends = [end for c in one.net_connections("inet") for end in (c.laddr, c.raddr) if end]
            found |= {end.ip for end in ends}
    return found


def test_every_picture_is_a_row_with_the_answer_that_it_gets_over_http(
    started: Callable[..., Any],
    client: httpx.Client,
    mixed: tuple[Path, dict[str, bytes]],
    tmp_path: Path,
) -> None:
    """And meanwhile nobody but this machine is spoken to, or listened to."""
    folder, named = mixed
    seen = set()
    with started("--json", folder, tmp_path / "out") as process:
        deadline = time.monotonic() + TIMEOUT_S
        while process.poll() is None:
            assert time.monotonic() < deadline
            with contextlib.suppress(psutil.Error):
                seen |= addresses(psutil.Process(process.pid))
            time.sleep(1)  # a look at every socket takes long
    said = (tmp_path / "log.txt").read_text()
    assert process.returncode == 0, said
    assert "127.0.0.1" in seen
    assert seen <= {"127.0.0.1", "::ffff:127.0.0.1", "::1"}
    found = rows(tmp_path / "out")
    assert Counter(row["path"] for row in found) == Counter(named.keys())
    for row in found:
        assert_as_over_http(row, named[row["path"]], client)
    summary = json.loads((tmp_path / "out" / "_summary.json").read_text())
    assert summary == json.loads(said[said.index("{") :])
    assert summary["pictures"] == summary["scored"] == len(named)
    n_errors = sum(row["problem"] is not None for row in found)
    assert sum(summary["errors"].values()) == n_errors > 0
    assert "Scoring: 100%" in said
    assert f"errors={n_errors}" in said


@pytest.mark.parametrize("arguments", [("", "out"), ("pictures", ""), ("pictures", " ")])
def test_a_forgotten_folder_is_not_the_current_one(
    arguments: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit):
        main(arguments)
    assert "it is empty; make score IN=pictures OUT=folder" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.usefixtures("promoted")
@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("nowhere", "out"), r"nowhere does not exist\. Give a folder"),
        ((".", "out"), r"out lies within .*, whose pictures are to be scored"),
        (("memory://box/in/", "memory://box/in/out"), r"in/out lies within memory://box/in, whose"),
        (("~$b.jpg", "out"), r"~\$b\.jpg begins with ~, and there is no such home"),
        (("gopher://x/y", "out"), r"gopher://x cannot be reached"),
        (("a.jpg", "out", "--model", "catdog:none"), r"No model 'catdog:none' has been promoted"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(
    arguments: tuple[str, ...],
    complaint: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 1
    assert re.search(complaint, capsys.readouterr().err)
    assert not (tmp_path / "out" / "_plan").exists()


@pytest.mark.usefixtures("promoted")
def test_the_model_that_the_environment_names_is_meant(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CATDOG_MODEL", "catdog:none")
    assert main([str(tmp_path / "a.jpg"), str(tmp_path / "out")]) == 1
    assert "No model 'catdog:none' has been promoted" in capsys.readouterr().err


@pytest.mark.usefixtures("promoted")
@pytest.mark.parametrize(
    ("here", "arguments", "complaint"),
    [
        (".", ("lat\udce9", "out"), r"Error: IN, {}/lat\xe9, has bytes in its path that are not"),
        (".", ("in", "lat\udce9/out"), r"Error: OUT, {}/lat\xe9/out, has bytes in its path"),
        ("lat\udce9", ("in", "/out"), r"Error: The current folder, {}/lat\xe9, has bytes in its"),
    ],
)
def test_a_name_that_ray_cannot_take_is_said_before_anything_is_listed(
    here: str,
    arguments: tuple[str, ...],
    complaint: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "lat\udce9").mkdir()
    monkeypatch.chdir(tmp_path / here)
    assert main(arguments) == 1
    assert capsys.readouterr().err.startswith(complaint.format(tmp_path))
    assert [path.name for path in tmp_path.rglob("*")] == ["lat\udce9"]


def test_an_out_where_one_may_not_enter_is_said(
    locked: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(locked.parent), str(locked / "out")]) == 1
    said = capsys.readouterr().err
    assert re.fullmatch(r"Error: .*out/_plan/plan\.json cannot be looked at: P.* denied\.\n", said)
