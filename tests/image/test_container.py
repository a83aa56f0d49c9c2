"""The image as it is deployed: what it answers, what it may not do, how it ends."""

import contextlib
import json
import os
import signal
import socket
from pathlib import Path

import httpx
import psutil
import pytest

from service import artifact
from tests import live_server, pictures
from tests.http.bare_connection import read_to_the_end
from tests.image import container
from tests.image.conftest import Built
from tests.image.container import Container
from tests.pictures import BLUE, GREEN, RED

PICTURES = {
    "red.png": pictures.plain(RED),
    "blue.jpg": pictures.plain(BLUE, "JPEG"),
    "green.webp": pictures.plain(GREEN, "WEBP"),
    "half.jpg": pictures.truncated_jpeg(),
    "text.jpg": b"hello",
}
# Given a content type and, on standard input, a body.
ASK = """
import sys, urllib.request as r
request = r.Request('http://127.0.0.1:3000/predict/batch', sys.stdin.buffer.read(),
                    {'Content-Type': %r})
print(r.urlopen(request, timeout=60).read().decode())
"""


def test_without_a_network_it_answers_as_make_predict_does(
    built: Built, isolated: Container, tmp_path: Path
) -> None:
    for name, data in PICTURES.items():
        (tmp_path / name).write_bytes(data)
    paths = [tmp_path / name for name in PICTURES]
    files = [("image", (str(path), path.read_bytes())) for path in paths]
    form = httpx.Request("POST", "http://container", files=files)
    said = isolated.python(ASK % form.headers["Content-Type"], form.read())
    assert said.returncode == 0, said.stderr
    expected = built.python("service", "predict", "--model", built.tag, "--json", *paths)
    theirs, ours = json.loads(said.stdout), json.loads(expected.stdout)
    assert theirs["model"] == ours["model"] == built.tag
    for inside, outside in zip(theirs["predictions"], ours["predictions"], strict=True):
        assert inside.keys() == outside.keys()
        if "error" in inside:  # its text lists the kinds taken; HEIC is no part of the image
            assert inside["error"]["type"] == outside["error"]["type"]
        else:  # the network's sums depend a little on who shares a batch
            assert inside["label"] == outside["label"]
            assert inside["probabilities"] == pytest.approx(outside["probabilities"], abs=2e-3)


def test_it_has_no_way_out(isolated: Container) -> None:
    interfaces = isolated.python("import socket; print(socket.if_nameindex())")
    assert interfaces.stdout.strip() == b"[(1, 'lo')]"


@pytest.mark.parametrize("folder", ["/opt/catdog", "/opt/catdog/home/models", "/etc", "/usr/bin"])
def test_it_can_write_nowhere_but_to_tmp(isolated: Container, folder: str) -> None:
    write = "import pathlib; pathlib.Path('{}/x').write_text('')"
    refused = isolated.python(write.format(folder))
    assert b"Read-only file system" in refused.stderr
    assert isolated.python(write.format("/tmp")).returncode == 0  # noqa: S108 - the container's own


def test_its_processes_are_nobody_and_may_nothing(isolated: Container) -> None:
    first = psutil.Process(isolated.pid())
    processes = [first, *first.children(recursive=True)]
    assert len(processes) > 3  # supervisor, HTTP, network, decoders
    for process in processes:
        status = dict(
            line.split(":\t", 1)
            for line in Path(f"/proc/{process.pid}/status").read_text().splitlines()
            if ":\t" in line
        )
        assert set(status["Uid"].split()) == {"10001"}
        assert {status[name] for name in ("CapEff", "CapPrm", "CapBnd")} == {"0" * 16}
        assert status["NoNewPrivs"] == "1"


def test_the_engine_can_ask_whether_it_is_well(isolated: Container) -> None:
    (described,) = json.loads(isolated.call("inspect", isolated.name))
    check = described["Config"]["Healthcheck"]["Test"]
    assert check[0] == "CMD"
    command = [isolated.engine, "exec", isolated.name, *check[1:]]
    assert psutil.Popen(command).wait(timeout=60) == 0


def test_sigterm_has_what_was_accepted_answered_and_ends_it_with_status_0(built: Built) -> None:
    body = pictures.plain(RED)
    with container.started(built.engine, built.name) as own:
        own.wait_until_ready()
        connection = socket.create_connection(("127.0.0.1", own.port), timeout=60)
        head = f"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
        connection.sendall(head.encode() + body[:20])
        assert httpx.get(f"{own.url}/livez").status_code == 200  # so ours was accepted before
        os.kill(own.pid(), signal.SIGTERM)
        live_server.wait_until_refused(own.port, container.START_TIMEOUT_S)
        connection.sendall(body[20:])
        with connection:
            answer = read_to_the_end(connection)
        assert answer.startswith(b"HTTP/1.1 200 OK")
        assert own.wait() == 0
        assert "Traceback" not in own.log()


def network_of(own: Container) -> psutil.Process | None:
    """The container's process that holds the network, unless it has none now."""
    for process in psutil.Process(own.pid()).children():
        with contextlib.suppress(psutil.NoSuchProcess):
            if "Network" in process.cmdline():
                return process
    return None


def test_a_process_that_dies_is_started_anew_in_the_same_container(built: Built) -> None:
    with container.started(built.engine, built.name) as own:
        own.wait_until_ready()
        network = network_of(own)
        assert network is not None
        network.kill()
        own.wait_until(lambda: network_of(own) not in (None, network))
        own.wait_until_ready()
        answer = httpx.post(f"{own.url}/predict", content=pictures.plain(RED), timeout=60)
        assert answer.status_code == 200


def test_a_model_that_is_not_the_one_of_its_card_is_refused(built: Built, tmp_path: Path) -> None:
    changed = tmp_path / artifact.OPENVINO_WEIGHTS
    changed.write_bytes(b"other weights")
    changed.chmod(0o644)
    folder = f"/opt/catdog/home/models/{built.tag.replace(':', '/')}"
    mount = ("--volume", f"{changed}:{folder}/{changed.name}:ro")
    with container.started(built.engine, built.name, *mount) as own:
        assert own.wait() == 1
        assert "is damaged or was changed" in own.log()
        assert "Traceback" not in own.log()
