"""A server as a real process: started, asked until it answers, and gone afterwards."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from benchmarks.errors import BenchmarkError
from benchmarks.log import tail

REPOSITORY = Path(__file__).parent.parent.parent
START_TIMEOUT_S = 180
STOP_TIMEOUT_S = 20
ANSWER_TIMEOUT_S = 120  # what a queue that the load left may take


@contextmanager
def running(
    command: Sequence[str], port: int, picture: bytes, environment: Mapping[str, str], log: Path
) -> Iterator[None]:
    """A server that answers; no process of it is left afterwards.

    Raises:
        BenchmarkError: it ended, or does not answer.
    """
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=REPOSITORY,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _wait_until_it_answers(process, port, picture, log)
        yield
    finally:
        _stop(process)


def ask(port: int, picture: bytes) -> tuple[int, dict[str, object]]:
    """Post one picture: HTTP status, and the answer's JSON.

    Raises:
        BenchmarkError: there was no answer.
    """
    connection = HTTPConnection("127.0.0.1", port, timeout=ANSWER_TIMEOUT_S)
    try:
        headers = {"Content-Type": "application/octet-stream"}
        connection.request("POST", "/predict", picture, headers)
        response = connection.getresponse()
        body = response.read()
    except (OSError, HTTPException) as exc:
        raise BenchmarkError(f"No answer from port {port}: {exc!r}") from exc
    finally:
        connection.close()
    try:
        return response.status, json.loads(body)
    except ValueError:
        return response.status, {"body": repr(body[:200])}


def free_port() -> int:
    """A port on which nobody listens at the moment."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def _wait_until_it_answers(
    process: subprocess.Popen[bytes], port: int, picture: bytes, log: Path
) -> None:
    came: object = "no answer"
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise BenchmarkError(f"It ended with status {process.returncode}: {tail(log)}")
        with contextlib.suppress(BenchmarkError):
            came = ask(port, picture)
            if came[0] == 200:
                return
        time.sleep(0.2)
    raise BenchmarkError(f"Not ready after {START_TIMEOUT_S} s ({came}): {tail(log)}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End the whole process group: servers have children, and those may outlive them."""
    with contextlib.suppress(ProcessLookupError, subprocess.TimeoutExpired):
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(STOP_TIMEOUT_S)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
