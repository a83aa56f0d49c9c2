"""SIGTERM: every accepted request is answered, new ones are refused, the process ends."""

import os
import signal
import socket
import time
from http.client import HTTPConnection
from pathlib import Path

import psutil
import pytest

from tests import live_server, pictures
from tests.http.bare_connection import read_to_the_end
from tests.live_server import Server

TIMEOUT_S = 30
REQUESTS = 16


def half_sent(server: Server, body: bytes) -> socket.socket:
    """A connection on which a request's head and half of its body have gone out."""
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=TIMEOUT_S)
    head = f"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
    connection.sendall(head.encode() + body[: len(body) // 2])
    return connection


def wait_until_taken(server: Server, count: int) -> None:
    """Until the service has accepted so many connections: then none waits in the backlog."""
    deadline = time.monotonic() + TIMEOUT_S
    processes = psutil.Process(server.pid).children()
    while time.monotonic() < deadline:
        taken = [
            c
            for process in processes
            for c in process.net_connections("tcp")
            if c.status == psutil.CONN_ESTABLISHED and c.laddr.port == server.port
        ]
        if len(taken) >= count:
            return
        time.sleep(0.05)
    raise AssertionError(f"the service has not accepted {count} connections")


def answer(connection: socket.socket) -> str:
    """All that comes until the server closes."""
    with connection:
        return read_to_the_end(connection).decode()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_accepted_requests_are_answered_and_new_ones_refused(
    bentoml_home: Path, server: Server, tmp_path: Path, number: signal.Signals
) -> None:
    body = pictures.plain(size=(64, 64))
    log = tmp_path / "log.txt"
    with (
        live_server.running(bentoml_home, log, server.tag) as own,
        socket.create_connection(("127.0.0.1", own.port), timeout=TIMEOUT_S) as stubborn,
    ):
        stubborn.sendall(b"no HTTP\r\n\r\n")
        refused = stubborn.recv(65536)  # it keeps its side open, and that holds nothing up
        accepted = [half_sent(own, body) for _ in range(REQUESTS)]
        wait_until_taken(own, REQUESTS)
        os.kill(own.pid, number)
        live_server.wait_until_refused(own.port, TIMEOUT_S)
        for connection in accepted:
            connection.sendall(body[len(body) // 2 :])
        answers = [answer(connection) for connection in accepted]
        own.wait(TIMEOUT_S)
        assert refused.startswith(b"HTTP/1.1 400 ")
    assert [text.partition("\r\n")[0] for text in answers] == ["HTTP/1.1 200 OK"] * REQUESTS
    assert all('"label"' in text for text in answers)
    assert "Traceback" not in log.read_text()


def test_the_last_answer_on_a_connection_says_that_it_is_the_last(
    bentoml_home: Path, server: Server, tmp_path: Path
) -> None:
    """Or its client sends the next request there, and loses it (RFC 9112, 9.6)."""
    body = pictures.plain(size=(64, 64))
    with live_server.running(bentoml_home, tmp_path / "log.txt", server.tag) as own:
        clients = [
            HTTPConnection("127.0.0.1", own.port, timeout=TIMEOUT_S) for _ in range(REQUESTS)
        ]
        for client in clients:
            client.request("POST", "/predict", body)
            assert said_last(client) == (200, None)
            client.putrequest("POST", "/predict")
            client.putheader("Content-Length", str(len(body)))
            client.endheaders(body[:10])
        time.sleep(0.5)  # what is on its way is not yet accepted
        os.kill(own.pid, signal.SIGTERM)
        live_server.wait_until_refused(own.port, TIMEOUT_S)
        time.sleep(0.5)  # uvicorn looks ten times a second whether it is to end
        for client in clients:
            client.send(body[10:])
        assert [said_last(client) for client in clients] == [(200, "close")] * REQUESTS
        own.wait(TIMEOUT_S)


def said_last(client: HTTPConnection) -> tuple[int, str | None]:
    """Status of the answer, and what it says of its connection."""
    response = client.getresponse()
    response.read()
    return response.status, response.getheader("Connection")
