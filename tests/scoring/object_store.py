"""Servers that speak like the object stores of clouds, in an environment of their own."""

import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from benchmarks import environment
from benchmarks.serving.server import free_port

HERE = Path(__file__).parent
TIMEOUT_S = 180  # no claim of the tests depends on it


@contextmanager
def running(
    command: Callable[[Path, str], list[str | Path]], log: Path, method: str, path: str
) -> Iterator[str]:
    """A server, until the block ends; yields its URL once it answers.

    Args:
        command: of the environment's Python and a port.
        log: where it writes what it says.
        method, path: of a request that it answers with a 2xx when it is ready.
    """
    python = environment.python_of("bucket", HERE / "bucket.txt", "some seconds")
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with log.open("wb") as said:
        process = subprocess.Popen(command(python, str(port)), stdout=said, stderr=said)
    try:
        deadline = time.monotonic() + TIMEOUT_S
        while True:
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline
            try:
                httpx.request(method, f"{url}{path}", timeout=5).raise_for_status()
                break
            except httpx.TransportError:
                time.sleep(0.1)
        yield url
    finally:
        process.kill()
        process.wait()
