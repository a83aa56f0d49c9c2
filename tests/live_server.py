"""A real `bentoml serve`, started and stopped by the tests."""

import contextlib
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

from benchmarks.serving.server import free_port

REPOSITORY = Path(__file__).parent.parent
START_TIMEOUT_S = 60
_OPERATORS = ("AWS_", "BENTOML_", "CATDOG_", "OTEL_", "RAY_")


@dataclass(frozen=True)
class Server:
    """Where it listens, the model it serves, what it logs, its supervisor."""

    port: int
    tag: str
    log: Path
    supervisor: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        return self.supervisor.pid

    def wait(self, timeout_s: float) -> int:
        """Until it has ended by itself. Returns its exit status."""
        return self.supervisor.wait(timeout_s)


def environment(home: Path) -> dict[str, str]:
    """Ours, less what an operator may have set for servers, runs and clusters of their own."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(_OPERATORS)}
    return kept | {"BENTOML_HOME": str(home), "BENTOML_DO_NOT_TRACK": "True"}


def add_to_store(folder: Path, home: Path) -> str:
    """Put an artifact into a store of its own, as promotion does. Returns its exact tag."""
    code = (
        "import pathlib, sys; from service.store import add; print(add(pathlib.Path(sys.argv[1])))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(folder)],
        cwd=REPOSITORY,
        env=environment(home),
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def spawn(home: Path, log: Path, port: int, **settings: str) -> subprocess.Popen[bytes]:
    """`bentoml serve` in a process group of its own."""
    command = [sys.executable, "-m", "bentoml", "serve", "service.service:CatDog"]
    with log.open("wb") as out:
        return subprocess.Popen(
            [*command, "--host", "127.0.0.1", "--port", str(port)],
            cwd=REPOSITORY,
            env=environment(home) | settings,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


@contextmanager
def running(
    home: Path, log: Path, tag: str, port: int | None = None, **settings: str
) -> Iterator[Server]:
    """A server that is ready, and gone afterwards."""
    port = port or free_port()
    process = spawn(home, log, port, **settings)
    try:
        server = Server(port, tag, log, process)
        _wait_until_ready(server)
        yield server
    finally:
        with contextlib.suppress(ProcessLookupError):  # a test may have ended it
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def refusal(home: Path, log: Path, **settings: str) -> str:
    """What a server that does not start says before it exits with status 1."""
    process = spawn(home, log, free_port(), **settings)
    try:
        status = process.wait(timeout=START_TIMEOUT_S)
    finally:
        process.kill()
        process.wait()
    text = log.read_text()
    assert status == 1, text
    assert "Traceback" not in text
    return text


def wait_until_refused(port: int, timeout_s: float) -> None:
    """Until nobody takes connections at a port any more."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except ConnectionRefusedError:
            return
        time.sleep(0.05)
    raise AssertionError("new connections are still accepted")


def _wait_until_ready(server: Server) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        if server.supervisor.poll() is not None:
            raise RuntimeError(f"the server exited:\n{server.log.read_text()}")
        try:
            if httpx.get(f"{server.url}/readyz").status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise RuntimeError(
        f"the server is not ready after {START_TIMEOUT_S} s:\n{server.log.read_text()}"
    )
