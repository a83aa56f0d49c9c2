"""service.watch around applications that misbehave, without a server."""

import asyncio
import json
import logging
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from service import app, log, metrics
from service.settings import Settings
from service.watch import Watch
from tests import pictures
from tests.http.problem import assert_problem
from tests.service.application import CARD, broken, cats


@pytest.fixture
def logged() -> Iterator[list[dict[str, Any]]]:
    """What the service logs, line by line."""
    lines: list[dict[str, Any]] = []

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(json.loads(log.JsonLines().format(record)))

    handler, logger = Handler(), logging.getLogger("service")
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield lines
    logger.removeHandler(handler)
    logger.setLevel(level)


def watched(application: ASGIApp, *, logs_requests: bool = True) -> ASGIApp:
    """That application under a watch; what it raises past the watch reaches the test."""
    watch = Watch(
        app.build(score=cats, card=CARD, tag="x", settings=Settings(), decoders=1).routes,
        tag="catdog:x",
        metrics=metrics.Metrics("catdog:x", CARD),
        tracing=None,
        logs_requests=logs_requests,
    )

    async def run(scope: Scope, receive: Receive, send: Send) -> None:
        await watch(application, scope, receive, send)

    return run


def ask(application: ASGIApp, **request: Any) -> httpx.Response:
    async def run() -> httpx.Response:
        transport = httpx.ASGITransport(application)
        async with httpx.AsyncClient(transport=transport, base_url="http://app") as client:
            return await client.request("POST", "/predict", **request)

    return asyncio.run(run())


def with_bug(score: app.Score = broken) -> ASGIApp:
    return app.build(score=score, card=CARD, tag="catdog:x", settings=Settings(), decoders=1)


@pytest.mark.parametrize("logs_requests", [True, False])
def test_bug_of_ours_is_logged_once_with_its_traceback_and_the_request_id(
    logged: list[dict[str, Any]], logs_requests: bool
) -> None:
    response = ask(
        watched(with_bug(), logs_requests=logs_requests),
        content=pictures.plain(),
        headers={"X-Request-Id": "it-was-me"},
    )
    assert_problem(response, 500, "internal-error")
    assert response.headers["x-request-id"] == "it-was-me"
    (line,) = logged
    assert (line["request_id"], line["level"], line["status"]) == ("it-was-me", "error", 500)
    assert line["problem"] == "internal-error"
    assert "KeyError: '/secret/path'" in line["traceback"]


def test_bug_beneath_our_application_is_an_answer_too(logged: list[dict[str, Any]]) -> None:
    async def falls_over(_: Scope, __: Receive, ___: Send) -> None:
        raise RuntimeError("in a middleware")

    response = ask(watched(falls_over), headers={"X-Request-Id": "a"})
    assert_problem(response, 500, "internal-error")
    assert response.headers["x-request-id"] == "a"
    assert [line["level"] for line in logged] == ["error"]


def test_cancelled_request_is_logged_without_a_status(logged: list[dict[str, Any]]) -> None:
    async def cancelled(_: Scope, __: Receive, ___: Send) -> None:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError, match=r"^$"):
        ask(watched(cancelled))
    (line,) = logged
    assert (line["message"], line["level"]) == ("POST /predict unanswered", "warning")
    assert "status" not in line


def test_without_an_access_log_requests_leave_no_line(logged: list[dict[str, Any]]) -> None:
    response = ask(watched(with_bug(cats), logs_requests=False), content=pictures.plain())
    assert response.status_code == 200
    assert logged == []
