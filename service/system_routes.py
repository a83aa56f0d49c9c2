"""Routes for machines that watch, with errors as problems; and BentoML's own that are hidden.

BentoML adds /livez, /healthz and /readyz, which we want, and /schema.json, which describes
insides. All else reaches our own application, /metrics too.
"""

import asyncio
import logging

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service import problems
from service.problems import Problem

HEALTH = ("/livez", "/healthz", "/readyz")
ROUTES = (*HEALTH, "/metrics")
HIDDEN = ("/schema.json",)
# Past this, no is the answer: while the network's process is started again, its socket takes
# connections that nobody answers, and BentoML would wait 5 s.
PATIENCE_S = 1.0

log = logging.getLogger(__name__)


class SystemRoutes:
    """ASGI middleware around all of BentoML's application."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._failing: set[str] = set()  # paths; a probe a second is not to fill the log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not _is_a_path(scope["path"]):
            return await problems.not_found(scope["path"]).as_response()(scope, receive, send)
        if scope["type"] != "http" or scope["path"] not in ROUTES + HIDDEN:
            return await self.app(_whole(scope), receive, send)
        problem = await self._pass_on(scope, receive, send)
        if problem is not None:
            await problem.as_response()(scope, receive, send)
        return None

    async def _pass_on(self, scope: Scope, receive: Receive, send: Send) -> Problem | None:
        """Let what is beneath answer, unless that answer would be an error: return ours then."""
        method, path = scope["method"], scope["path"]
        if path in HIDDEN:
            return problems.not_found(path)
        if method not in ("GET", "HEAD"):
            return problems.method_not_allowed(method, path, "GET, HEAD")
        status = 200

        async def send_unless_failed(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            if status < 400:
                await send(message)

        try:
            async with asyncio.timeout(PATIENCE_S if path == "/readyz" else None):
                await self.app(scope, receive, send_unless_failed)
        except Exception as exc:
            return self._failed(path, exc)
        if status >= 400:
            return self._failed(path, f"it answers {status}")
        self._failing.discard(path)
        return None

    def _failed(self, path: str, why: Exception | str) -> Problem:
        is_news = path not in self._failing
        self._failing.add(path)
        if path == "/readyz":  # for want of the network's process, as at every start
            if is_news:
                log.warning("%s fails from now on: %r", path, why)
            return problems.overloaded()
        if is_news:
            error = why if isinstance(why, Exception) else None
            log.error("%s fails from now on: %s", path, why, exc_info=error)
        return problems.internal()


def _is_a_path(target: str) -> bool:
    """No for OPTIONS *, and for newlines: at a path's end, Starlette's router overlooks one."""
    return target.startswith("/") and "\n" not in target


def _whole(scope: Scope) -> Scope:
    """Without Range: our files are small, and Starlette's errors on ranges are no problems."""
    if scope["type"] != "http":
        return scope
    return {**scope, "headers": [(k, v) for k, v in scope["headers"] if k != b"range"]}
