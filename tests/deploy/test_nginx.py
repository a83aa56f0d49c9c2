"""deploy/nginx.conf: what it answers by itself, and what it hands on."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests import live_server, nginx, pictures
from tests.http.problem import assert_problem
from tests.live_server import Server

MIB = 2**20


@pytest.fixture
def closed_port() -> int:
    return live_server.free_port()


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
    assert front.get("/metrics").status_code == 404


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
