"""A real `bentoml serve`, started and stopped by the tests."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

REPOSITORY = Path(__file__).parent.parent
START_TIMEOUT_S = 60
_OPERATORS = ("CATDOG_", "BENTOML_", "OTEL_")


@dataclass(frozen=True)
class Server:
    """Where it listens, the model it serves, what it logs, its supervisor's process id."""

    url: str
    tag: str
    log: Path
    pid: int


def add_to_store(folder: Path, home: Path) -> str:
    """Put an artifact into a store of its own, as promotion does. Returns its exact tag."""
    code = (
        "import pathlib, sys; from service.store import add; print(add(pathlib.Path(sys.argv[1])))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(folder)],
        cwd=REPOSITORY,
        env=_environment(home),
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def spawn(home: Path, log: Path, port: int, **settings: str) -> subprocess.Popen[bytes]:
    """`bentoml serve` in a process group of its own.

    It gets a home of its own with the models of `home`: BentoML empties the metrics of whoever
    serves from the same one.
    """
    (home / "models").mkdir(parents=True, exist_ok=True)
    own_home = log.parent / f"home-{port}"
    own_home.mkdir()
    (own_home / "models").symlink_to(home / "models")
    command = [sys.executable, "-m", "bentoml", "serve", "service.service:CatDog"]
    with log.open("wb") as out:
        return subprocess.Popen(
            [*command, "--host", "127.0.0.1", "--port", str(port)],
            cwd=REPOSITORY,
            env=_environment(own_home) | settings,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


@contextmanager
def running(home: Path, log: Path, tag: str, **settings: str) -> Iterator[Server]:
    """A server that is ready, and gone afterwards."""
    port = free_port()
    process = spawn(home, log, port, **settings)
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_until_ready(url, process, log)
        yield Server(url, tag, log, process.pid)
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def free_port() -> int:
    """A port on which nobody listens at the moment."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def _wait_until_ready(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the server exited:\n{log.read_text()}")
        try:
            if httpx.get(f"{url}/readyz").status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise RuntimeError(f"the server is not ready after {START_TIMEOUT_S} s:\n{log.read_text()}")


def _environment(home: Path) -> dict[str, str]:
    """Ours, less what an operator may have set for a server of their own."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(_OPERATORS)}
    return kept | {"BENTOML_HOME": str(home), "BENTOML_DO_NOT_TRACK": "True"}
