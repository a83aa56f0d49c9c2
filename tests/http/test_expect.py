"""`Expect: 100-continue`: whoever waits for a word before sending the body, and gets another."""

import socket
import time

import httpx
import pytest

from tests import pictures
from tests.http.bare_connection import parse, read_to_the_end
from tests.http.problem import assert_problem
from tests.live_server import Server

TIMEOUT_S = 60  # of the tests, not of the server
SOON_S = 10  # the server's own time for a connection on which nothing comes is 25 s
MIB = 2**20


def head(method: str, path: str, n_bytes: int) -> bytes:
    fields = f"Host: catdog\r\nExpect: 100-continue\r\nContent-Length: {n_bytes}"
    return f"{method} {path} HTTP/1.1\r\n{fields}\r\n\r\n".encode()


def connect(server: Server) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), timeout=TIMEOUT_S)


@pytest.mark.parametrize(
    ("method", "path", "n_bytes", "status", "slug"),
    [
        ("POST", "/predict", 11 * MIB, 413, "too-many-bytes"),
        ("POST", "/nothing", 9, 404, "not-found"),
        ("PUT", "/predict", 9, 405, "method-not-allowed"),
        ("GET", "/predict", 9, 405, "method-not-allowed"),
        ("POST", "/livez", 9, 405, "method-not-allowed"),
    ],
)
def test_an_early_refusal_is_the_end_of_its_connection(
    server: Server, method: str, path: str, n_bytes: int, status: int, slug: str
) -> None:
    """What came next on it would be taken for the body that nobody asked for."""
    started_s = time.monotonic()
    with connect(server) as connection:
        connection.sendall(head(method, path, n_bytes))
        answer = parse(read_to_the_end(connection))
    assert time.monotonic() - started_s < SOON_S
    assert_problem(answer, status, slug)
    assert answer.headers.get_list("connection") == ["close"]


def test_an_early_answer_that_is_no_refusal_is_the_end_too(server: Server) -> None:
    with connect(server) as connection:
        connection.sendall(head("GET", "/livez", 9))
        answer = parse(read_to_the_end(connection))
    assert answer.status_code == 200
    assert answer.headers["connection"] == "close"


def test_refusal_reaches_who_sends_without_waiting(server: Server) -> None:
    """As clients do that were kept waiting. A reset would be all that they see."""
    with connect(server) as connection:
        connection.sendall(head("POST", "/predict", 32 * MIB))
        for _ in range(32):
            connection.sendall(bytes(MIB))
        answer = parse(read_to_the_end(connection))
    assert_problem(answer, 413, "too-many-bytes")


def test_who_is_told_to_go_on_is_answered_and_keeps_the_connection(server: Server) -> None:
    picture = pictures.plain()
    with connect(server) as connection, connection.makefile("rb") as said:
        for _ in range(2):
            connection.sendall(head("POST", "/predict", len(picture)))
            assert said.readline() == b"HTTP/1.1 100 Continue\r\n"
            assert said.readline() == b"\r\n"
            connection.sendall(picture)
            fields = iter(said.readline, b"\r\n")
            assert next(fields) == b"HTTP/1.1 200 OK\r\n"
            headers = httpx.Headers([tuple(f.decode().strip().split(": ", 1)) for f in fields])
            assert "connection" not in headers
            assert b'"label"' in said.read(int(headers["content-length"]))
