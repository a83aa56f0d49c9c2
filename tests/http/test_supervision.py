"""BentoML's supervisor, as we have it: who commands it, and what it bears."""

import contextlib
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from tests import live_server, pictures
from tests.abuse.processes import process_of
from tests.live_server import REPOSITORY, Server
from tests.small_disk import mount

TIMEOUT_S = 60
KEY = "a-key-of-some-client"


@pytest.fixture
def own(bentoml_home: Path, server: Server, tmp_path: Path) -> Iterator[Server]:
    """A server that these tests may harm."""
    with live_server.running(bentoml_home, tmp_path / "log.txt", server.tag) as own:
        yield own


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + TIMEOUT_S
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def status_of(server: Server, path: str, **request: object) -> int | None:
    try:
        return httpx.get(f"{server.url}{path}", timeout=5, **request).status_code
    except httpx.TransportError:
        return None


def test_it_listens_to_nobody_but_its_own_user(own: Server) -> None:
    everybody = [psutil.Process(own.pid), *psutil.Process(own.pid).children(recursive=True)]
    listening = {
        found.laddr.port
        for process in everybody
        for found in process.net_connections("tcp")
        if found.status == psutil.CONN_LISTEN
    }
    assert listening == {own.port}
    sockets = [
        Path(found.laddr)
        for found in psutil.Process(own.pid).net_connections("unix")
        if isinstance(found.laddr, str) and found.laddr.startswith("/")
    ]
    assert sockets
    assert all(path.parent.stat().st_mode & 0o077 == 0 for path in sockets)


def test_a_hang_up_ends_it_and_leaves_nothing_behind(own: Server) -> None:
    everybody = psutil.Process(own.pid).children(recursive=True)
    os.kill(own.pid, signal.SIGHUP)
    assert own.wait(TIMEOUT_S) == 0
    assert psutil.wait_procs(everybody, timeout=5)[1] == []
    assert status_of(own, "/livez") is None


def test_a_hang_up_that_is_to_be_ignored_is(
    bentoml_home: Path, server: Server, tmp_path: Path
) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup has it
    try:
        with live_server.running(bentoml_home, tmp_path / "log.txt", server.tag) as own:
            network = process_of(own, "Network")
            os.kill(own.pid, signal.SIGHUP)
            time.sleep(3)
            assert status_of(own, "/readyz") == 200
            assert process_of(own, "Network") == network
    finally:
        signal.signal(signal.SIGHUP, before)


def test_killed_it_leaves_no_process_and_the_port_to_others(own: Server) -> None:
    everybody = psutil.Process(own.pid).children(recursive=True)
    os.kill(own.pid, signal.SIGKILL)
    assert psutil.wait_procs(everybody, timeout=TIMEOUT_S)[1] == []
    live_server.wait_until_refused(own.port, timeout_s=1)


def test_what_cannot_be_replaced_at_once_is_replaced_later(own: Server) -> None:
    supervisor, http = psutil.Process(own.pid), process_of(own, "CatDog")
    _, most = supervisor.rlimit(psutil.RLIMIT_NOFILE)
    supervisor.rlimit(psutil.RLIMIT_NOFILE, (5, most))
    process_of(own, "Network").kill()
    wait_until(lambda: "could not be started" in own.log.read_text())
    wait_until(lambda: status_of(own, "/readyz") == 503)
    supervisor.rlimit(psutil.RLIMIT_NOFILE, (most, most))
    wait_until(lambda: status_of(own, "/readyz") == 200)
    assert process_of(own, "CatDog") == http


def test_a_file_of_keys_that_is_away_while_a_process_starts_is_waited_for(
    bentoml_home: Path, server: Server, tmp_path: Path
) -> None:
    keys, away = tmp_path / "keys", tmp_path / "away"
    keys.write_text(KEY)
    # Relative to where it is started, which is not where its processes are.
    setting = {"CATDOG_API_KEYS_FILE": os.path.relpath(keys, REPOSITORY)}
    mine = {"headers": {"Authorization": f"Bearer {KEY}"}}
    with live_server.running(bentoml_home, tmp_path / "log.txt", server.tag, **setting) as own:
        assert status_of(own, "/model", **mine) == 200
        keys.rename(away)
        process_of(own, "CatDog").kill()
        wait_until(lambda: status_of(own, "/livez") == 200)
        assert status_of(own, "/model", **mine) == 401
        away.rename(keys)
        assert status_of(own, "/model", **mine) == 200
        assert "No key is valid" in own.log.read_text()


def test_every_line_of_log_is_written_before_it_ends(own: Server) -> None:
    with httpx.Client(base_url=own.url) as client:
        for _ in range(300):
            client.get("/nowhere")
    own.supervisor.terminate()
    assert own.wait(TIMEOUT_S) == 0
    assert own.log.read_text().count('"GET unknown 404"') == 300


def test_a_log_that_nobody_reads_holds_nobody_up(
    bentoml_home: Path, server: Server, tmp_path: Path
) -> None:
    """A pipe has room for some 200 lines."""
    pipe = tmp_path / "log"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        with live_server.running(bentoml_home, pipe, server.tag) as own:
            with httpx.Client(base_url=own.url, timeout=10) as client:
                for _ in range(600):
                    assert client.get("/nowhere").status_code == 404
                picture = pictures.plain()
                assert client.post("/predict", content=picture).status_code == 200
            everybody = psutil.Process(own.pid).children(recursive=True)
            own.supervisor.terminate()
            assert own.wait(TIMEOUT_S) == 0
            assert psutil.wait_procs(everybody, timeout=5)[1] == []
    finally:
        os.close(reader)


@pytest.fixture
def disk() -> Iterator[Path]:
    """A real one, of 1 MiB; its path is short, as those of Unix sockets must be."""
    with tempfile.TemporaryDirectory(prefix="small-") as folder:
        if not mount(Path(folder), "size=1m"):
            pytest.skip("a disk can be mounted by root only")
        try:
            yield Path(folder)
        finally:
            subprocess.run(["umount", "--lazy", folder], check=True)


def fill(disk: Path) -> None:
    with (disk / "full").open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(bytes(4096)):
            pass


def test_a_full_disk_costs_metrics_and_no_answer(
    bentoml_home: Path, server: Server, disk: Path, tmp_path: Path
) -> None:
    """Of a process too that begins on it."""
    log, setting = tmp_path / "log.txt", {"TMPDIR": str(disk)}
    with live_server.running(bentoml_home, log, server.tag, **setting) as own:
        fill(disk)
        process_of(own, "CatDog").kill()
        wait_until(lambda: status_of(own, "/readyz") == 200)
        http = process_of(own, "CatDog")
        for _ in range(3):
            answer = httpx.post(f"{own.url}/predict", content=pictures.plain())
            assert answer.status_code == 200
        assert status_of(own, "/metrics") == 200
        assert process_of(own, "CatDog") == http
        assert "Metrics are lost" in log.read_text()
