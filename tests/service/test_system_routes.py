"""service.system_routes: what becomes of a route for machines that fails."""

import asyncio
import logging

import httpx
import pytest
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Receive, Scope, Send

from service.system_routes import SystemRoutes
from tests.http.problem import assert_problem, assert_refused

LOGGER = "service.system_routes"


def get(app: ASGIApp, path: str, times: int = 1) -> list[httpx.Response]:
    async def all_of_them() -> list[httpx.Response]:
        transport = httpx.ASGITransport(SystemRoutes(app))
        async with httpx.AsyncClient(transport=transport, base_url="http://app") as client:
            return [await client.get(path) for _ in range(times)]

    return asyncio.run(all_of_them())


async def broken(_: Scope, __: Receive, ___: Send) -> None:
    raise OSError("No space left on device: /tmp/metrics/counter_1.db")


async def not_ready(_: Scope, __: Receive, ___: Send) -> None:
    raise HTTPException(503, "Runners are not ready.")


async def gives_500(_: Scope, __: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 500, "headers": []})
    await send({"type": "http.response.body", "body": b"Internal Server Error"})


@pytest.mark.parametrize("app", [broken, gives_500])
@pytest.mark.parametrize("path", ["/metrics", "/livez", "/healthz"])
def test_failure_of_what_needs_no_network_is_a_bug_of_ours(app: ASGIApp, path: str) -> None:
    (response,) = get(app, path)
    detail = assert_problem(response, 500, "internal-error")
    assert "network" not in detail
    assert "device" not in detail


def test_its_reason_is_logged_once_with_its_traceback(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, LOGGER):
        get(broken, "/metrics", times=3)
    (record,) = caplog.records
    assert record.levelname == "ERROR"
    assert "No space left on device" in record.getMessage()
    assert record.exc_info


def test_a_status_without_a_reason_is_logged_too(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, LOGGER):
        get(gives_500, "/livez", times=3)
    (record,) = caplog.records
    assert "/livez" in record.getMessage()
    assert "500" in record.getMessage()


@pytest.mark.parametrize("app", [broken, not_ready, gives_500])
def test_not_ready_is_503_and_no_bug(app: ASGIApp, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, LOGGER):
        (response,) = get(app, "/readyz")
    assert_refused(response, 503, "overloaded")
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert not record.exc_info


def test_why_it_is_not_ready_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, LOGGER):
        get(not_ready, "/readyz")
    assert "Runners are not ready." in caplog.text
