"""service.supervision: BentoML's supervisor by itself, with processes that are none of ours."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.live_server import REPOSITORY

TIMEOUT_S = 30
SUPERVISOR = """
import logging, os, signal, sys
from bentoml._internal.utils import circus
from circus.watcher import Watcher
from service import supervision

logging.basicConfig()
supervision.install()
watcher = Watcher("late", sys.argv[1], copy_env=True)
spawn, calls = watcher.spawn_process, []

def spawn_and_signal(*args):
    calls.append(args)
    if str(len(calls)) == sys.argv[2]:
        os.kill(os.getpid(), signal.SIGTERM)
    return spawn(*args)

watcher.spawn_process = spawn_and_signal
circus.create_standalone_arbiter([watcher]).start()
"""


@contextmanager
def supervisor(command: Path, *, ended_at_start: int = 0) -> Iterator[subprocess.Popen[str]]:
    """It runs a command, and is told to end while it starts that for the so-manieth time."""
    words = [sys.executable, "-c", SUPERVISOR, str(command), str(ended_at_start)]
    with subprocess.Popen(words, cwd=REPOSITORY, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def make(command: Path, lines: str) -> None:
    command.write_text(f"#!/bin/sh\n{lines}\n")
    command.chmod(0o700)


def wait_for(path: Path) -> None:
    deadline = time.monotonic() + TIMEOUT_S
    while not path.exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_what_cannot_be_started_at_first_is_started_later(tmp_path: Path) -> None:
    command, sign = tmp_path / "command", tmp_path / "sign"
    with supervisor(command) as process:
        assert process.stderr is not None
        while "late could not be started" not in process.stderr.readline():
            assert process.poll() is None
        make(command, f"touch {sign}; exec sleep 60")
        wait_for(sign)
        process.send_signal(signal.SIGTERM)
        assert process.wait(TIMEOUT_S) == 0


def test_an_order_to_end_that_comes_while_a_process_is_started_is_heeded(tmp_path: Path) -> None:
    command = tmp_path / "command"
    make(command, "exit 1")
    with supervisor(command, ended_at_start=3) as process:
        assert process.wait(TIMEOUT_S) == 0
