"""`make bench`, really run, in its smallest form."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from benchmarks.errors import BenchmarkError
from benchmarks.serving.__main__ import main
from benchmarks.serving.photographs import spread
from tests import pictures
from tests.live_server import REPOSITORY

MARK = "TEST_OF_BENCHMARK"  # an environment variable that all processes of a run inherit
needs_wrk = pytest.mark.skipif(
    shutil.which("wrk") is None, reason="wrk is missing: apt-get install wrk"
)


@pytest.fixture
def photographs(tmp_path: Path) -> Path:
    """A folder as for `make train`; one of its pictures is damaged."""
    folder = tmp_path / "photographs"
    for label, rgb in (("cat", pictures.RED), ("dog", pictures.BLUE)):
        (folder / label).mkdir(parents=True)
        for i in range(3):
            picture = pictures.plain(rgb, "JPEG", size=(320 + i, 240))
            (folder / label / f"{i}.jpg").write_bytes(picture)
    (folder / "cat" / "damaged.jpg").write_bytes(pictures.truncated_jpeg())
    return folder


def bench(photographs: Path, out: Path, home: Path, *options: str) -> subprocess.Popen[str]:
    """Our service and the engine, on a model of that store, in a process that leaves a mark."""
    words = ["--photographs", str(photographs), "--out", str(out), "--warm-up=1", *options]
    return subprocess.Popen(
        [sys.executable, "-m", "benchmarks.serving", *words],
        cwd=REPOSITORY,
        env=os.environ | {"BENTOML_HOME": str(home), MARK: str(out)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def descendants(out: Path) -> list[str]:
    """Names of all processes that have the mark of a run."""
    names = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.environ().get(MARK) == str(out):
                names.append(process.name())
    return names


@needs_wrk
def test_ours_and_the_engine_are_measured_and_kept(
    photographs: Path, bentoml_home: Path, tmp_path: Path
) -> None:
    out = tmp_path / "serving.json"
    short = ("--only=ours,engine", "--concurrency=32", "--seconds=1", "--rounds=1")
    with bench(photographs, out, bentoml_home, *short) as run:
        printed, complaints = run.communicate()
    assert run.returncode == 0, complaints
    found = json.loads(out.read_text())
    ours = found["contestants"]["ours"]["median"]["32"]
    assert ours["requests_per_s"] > 0
    assert ours["errors"] == {}
    assert found["ratios_at_32"].keys() == {"engine"}
    assert found["photographs"]["count"] == 6
    assert str(photographs) not in out.read_text()
    assert "| this service |" in printed
    assert list(tmp_path.glob("*.partial")) == []


@needs_wrk
def test_an_interrupted_run_leaves_no_process_behind(
    photographs: Path, bentoml_home: Path, tmp_path: Path
) -> None:
    out = tmp_path / "serving.json"
    with bench(photographs, out, bentoml_home, "--only=ours", "--seconds=60") as run:
        deadline = time.monotonic() + 120
        while "wrk" not in descendants(out):
            assert run.poll() is None, run.communicate()
            assert time.monotonic() < deadline, "the load did not begin"
            time.sleep(0.1)
        run.send_signal(signal.SIGTERM)
        run.communicate(timeout=60)
    assert run.returncode == 128 + signal.SIGTERM
    assert descendants(out) == []
    assert not out.exists()


def test_an_unknown_contestant_is_refused_with_those_there_are(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["--only", "ours,nginx"])
    assert "unknown: nginx. There are ours, engine," in capsys.readouterr().err


def test_pictures_that_cannot_be_decoded_are_not_sent(photographs: Path) -> None:
    assert {path.name for path in spread(str(photographs)).paths} == {"0.jpg", "1.jpg", "2.jpg"}


def test_a_folder_without_a_sound_picture_is_refused(tmp_path: Path) -> None:
    for label in ("cat", "dog"):
        (tmp_path / label).mkdir()
        (tmp_path / label / "damaged.jpg").write_bytes(pictures.truncated_jpeg())
    with pytest.raises(BenchmarkError, match=r"None of 2 pictures .* can be decoded"):
        spread(str(tmp_path))
