"""BentoML's own routes, as far as we let them through, with errors as problems.

BentoML adds /livez, /healthz, /readyz and /metrics, which we want, and /schema.json,
which describes insides. All else reaches our own application.
"""

import logging

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service import problems
from service.problems import Problem

ROUTES = ("/livez", "/healthz", "/readyz", "/metrics")
HIDDEN = ("/schema.json",)

log = logging.getLogger(__name__)


class SystemRoutes:
    """ASGI middleware around all of BentoML's application."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] not in ROUTES + HIDDEN:
            return await self.app(scope, receive, send)
        problem = await self._pass_on(scope, receive, send)
        if problem is not None:
            await problem.as_response()(scope, receive, send)
        return None

    async def _pass_on(self, scope: Scope, receive: Receive, send: Send) -> Problem | None:
        """Let BentoML answer, unless that answer would be an error: return ours then."""
        method, path = scope["method"], scope["path"]
        if path in HIDDEN:
            return problems.not_found(path)
        if method not in ("GET", "HEAD"):
            return problems.method_not_allowed(method, path, "GET, HEAD")
        has_failed = False

        async def send_unless_failed(message: Message) -> None:
            nonlocal has_failed
            has_failed = has_failed or message.get("status", 200) >= 400
            if not has_failed:
                await send(message)

        try:
            await self.app(scope, receive, send_unless_failed)
        except Exception:
            # /readyz raises when it cannot reach the network's process.
            log.warning("%s failed", path, exc_info=True)
            has_failed = True
        return problems.overloaded() if has_failed else None
