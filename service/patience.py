"""BentoML's timer of each request: done without.

It runs for 60 s whatever comes of the request, and keeps what belongs to that request in memory
so long: at 230 requests a second, 14,000 of them, 40 MB. Of no use here, where reading a body,
decoding and scoring have bounds of their own. The setting cannot be switched off, and the
client of an inner service takes its own timeout from it.
"""

from bentoml._internal.server.http import traffic
from starlette.types import ASGIApp, Receive, Scope, Send


class _NoTimer:
    """In the place of BentoML's `TimeoutMiddleware`."""

    def __init__(self, app: ASGIApp, timeout: float) -> None:
        del timeout
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


def start_no_timers() -> None:
    """For a process that is about to build BentoML's applications."""
    traffic.TimeoutMiddleware = _NoTimer
