"""deploy/nginx.conf: what it answers by itself, and what it hands on."""

import http.client
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from benchmarks.serving.server import free_port
from tests import nginx, pictures
from tests.http.problem import assert_problem
from tests.live_server import Server

MIB = 2**20


@pytest.fixture
def closed_port() -> int:
    return free_port()


def client_of(url: str) -> httpx.Client:
    return httpx.Client(base_url=url, transport=httpx.HTTPTransport(retries=50), timeout=60)


@pytest.fixture
def front(server: Server, closed_port: int, tmp_path: Path) -> Iterator[httpx.Client]:
    """One of the two places is there."""
    if not nginx.is_installed():
        pytest.skip("nginx is missing: apt-get install nginx-light")
    with nginx.running(tmp_path, server.port, closed_port) as url, client_of(url) as client:
        yield client


def test_the_id_of_a_client_comes_back(front: httpx.Client) -> None:
    headers = {"X-Request-Id": "a-clients-own"}
    answer = front.post("/predict", content=pictures.plain(), headers=headers)
    assert answer.status_code == 200
    assert answer.headers.get_list("x-request-id") == ["a-clients-own"]
    assert front.get("/livez").headers["x-request-id"]


def test_metrics_are_not_for_everybody(front: httpx.Client) -> None:
    assert_problem(front.get("/metrics"), 404, "not-found")


def test_its_own_places_are_no_paths(front: httpx.Client) -> None:
    assert_problem(front.get("/malformed-request"), 404, "not-found")


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"TRACE / HTTP/1.1\r\nHost: catdog\r\n\r\n",
        b"GET /" + b"a" * 40_000 + b" HTTP/1.1\r\nHost: catdog\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: catdog\r\nX-Long: " + b"a" * 40_000 + b"\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: catdog\r\nTransfer-Encoding: gzip\r\n\r\n",
        b"what is this?\r\n\r\n",
        b"GET / HTTP/2.0\r\nHost: catdog\r\n\r\n",
    ],
)
def test_what_it_refuses_itself_is_a_problem(front: httpx.Client, request_bytes: bytes) -> None:
    assert front.get("/livez").status_code == 200
    with socket.create_connection(("127.0.0.1", front.base_url.port), timeout=20) as connection:
        connection.sendall(request_bytes)
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        body = answer.read()
    response = httpx.Response(answer.status, headers=answer.getheaders(), content=body)
    assert_problem(response, 400, "malformed-request")


def test_a_head_that_the_service_takes_comes_through(front: httpx.Client) -> None:
    headers = {"X-Long": "a" * 20_000}
    assert front.post("/predict", content=pictures.plain(), headers=headers).status_code == 200


def test_a_body_too_long_for_it_is_a_problem(front: httpx.Client) -> None:
    assert_problem(front.post("/predict/batch", content=bytes(66 * MIB)), 413, "too-many-bytes")


def test_nobody_there_is_a_problem_with_a_time_to_come_again(
    closed_port: int, tmp_path: Path
) -> None:
    if not nginx.is_installed():
        pytest.skip("nginx is missing: apt-get install nginx-light")
    with nginx.running(tmp_path, closed_port, closed_port) as url, client_of(url) as client:
        answer = client.post("/predict", content=pictures.plain())
        assert_problem(answer, 503, "overloaded")
        assert answer.headers["retry-after"] == "1"
