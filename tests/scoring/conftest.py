"""Pictures of every fate, the command as a user runs it, and what its output holds."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests import live_server, pictures
from tests.live_server import REPOSITORY
from tests.model_store import using

Row = dict[str, Any]
NOBODY = 65534
MANY = 1600  # so that a job is not over before it can be disturbed
GOOD = {
    "red.jpg": pictures.plain(pictures.RED, "JPEG"),
    "blue.png": pictures.plain(pictures.BLUE),
    "green.webp": pictures.plain(pictures.GREEN, "WEBP"),
    "turned.jpg": pictures.turned(6),
    "turned.tiff": pictures.turned(3, "TIFF"),
}
BAD = {
    "half.jpg": pictures.truncated_jpeg(),
    "text.jpg": b"hello",
    "empty.jpg": b"",
    "bomb.png": pictures.bomb(),
}


@pytest.fixture(scope="session")
def colours() -> Callable[[int], tuple[int, int, int]]:
    """A colour of its own for each number under 4,096, of which the answer can be worked out."""
    return lambda i: (i % 16 * 17, i // 16 % 16 * 17, i // 256 % 16 * 17)


@pytest.fixture(scope="session")
def many(
    tmp_path_factory: pytest.TempPathFactory, colours: Callable[[int], tuple[int, int, int]]
) -> Path:
    """A folder of `MANY` pictures, each of another colour, whose names are their numbers."""
    folder = tmp_path_factory.mktemp("many")
    for i in range(MANY):
        (folder / f"{i}.png").write_bytes(pictures.plain(colours(i), size=(8, 6)))
    return folder


@pytest.fixture
def environment(bentoml_home: Path) -> dict[str, str]:
    """Ours, with a store in which the known network is promoted, and no cluster."""
    return live_server.environment(bentoml_home)


@pytest.fixture
def promoted(bentoml_home: Path) -> Iterator[None]:
    """That store is this process's."""
    with using(bentoml_home / "models"):
        yield


Score = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def score(environment: dict[str, str]) -> Score:
    """`python -m scoring`, until it ends. Keywords are environment variables."""

    def run(*arguments: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "scoring", *map(str, arguments)],
            cwd=REPOSITORY,
            env=environment | variables,
            capture_output=True,
            text=True,
            check=False,
            timeout=180,
        )

    return run


@pytest.fixture
def started(environment: dict[str, str], tmp_path: Path) -> Callable[..., Any]:
    """`python -m scoring`, in a group of its own that is killed in the end. Likewise."""

    @contextmanager
    def start(*arguments: str | Path, **variables: str) -> Iterator[subprocess.Popen[bytes]]:
        with (tmp_path / "log.txt").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "scoring", *map(str, arguments)],
                cwd=REPOSITORY,
                env=environment | variables,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            yield process
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    return start


@pytest.fixture
def locked() -> Iterator[Path]:
    """A folder that this process may not enter, in one where it may write; for root: as nobody."""
    is_root = os.geteuid() == 0
    with TemporaryDirectory(prefix="locked-") as name:
        if is_root:
            os.chown(name, NOBODY, NOBODY)
            os.seteuid(NOBODY)
        folder = Path(name) / "locked"
        folder.mkdir()
        (folder / "a.jpg").write_bytes(b"a")
        folder.chmod(0o000)
        yield folder
        folder.chmod(0o700)
        if is_root:
            os.seteuid(0)


def rows(out: Path) -> list[Row]:
    """All that an output holds, as any reader of Parquet sees it."""
    return list(pq.read_table(out).to_pylist())


def parts(out: Path) -> list[Path]:
    return sorted(out.glob("part-*.parquet"))
