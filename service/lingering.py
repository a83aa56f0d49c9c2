"""Answers a request before its body has come, without the client losing that answer.

A server that answers early and closes makes the kernel reset the connection while the
client is still sending, and the reset can overtake the answer: a 413 becomes "connection
reset". So send the answer at once, and only then read on for a while and drop what comes
(nginx calls it lingering close).

Who sent `Expect: 100-continue` has been promised nothing yet, and may send the body or not. So an
answer before the body was asked for ends the connection: what came next on it would be read as
that body, and never be answered.
"""

import asyncio
import contextlib
import os

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service import settings

EXPECTANT_TIMEOUT_S = 1  # for the body to begin of who was to wait; curl waits as long for a word
CLOSE = (b"connection", b"close")
_BODILESS = ("GET", "HEAD", "OPTIONS")


class Lingering:
    """ASGI middleware: after an early answer, drops the rest of the body within bounds."""

    def __init__(self, app: ASGIApp, *, max_bytes: int, timeout_s: float) -> None:
        """Past either bound the connection is closed, whatever the client makes of it."""
        self.app = app
        self.max_bytes = max_bytes
        self.timeout_s = timeout_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        # Of who expects "100 Continue", which the first receive() sends, perhaps not before that.
        body_is_coming = not any(name == b"expect" for name, _ in scope["headers"])
        has_ended = False

        async def receive_and_note() -> Message:
            nonlocal body_is_coming, has_ended
            message = await receive()
            body_is_coming = True
            has_ended = message["type"] != "http.request" or not message.get("more_body", False)
            return message

        async def drop_the_rest() -> None:
            dropped = 0
            if not body_is_coming:
                async with asyncio.timeout(EXPECTANT_TIMEOUT_S):
                    dropped += len((await receive_and_note()).get("body", b""))
            async with asyncio.timeout(self.timeout_s):
                while not has_ended and dropped <= self.max_bytes:
                    dropped += len((await receive_and_note()).get("body", b""))

        async def send_and_linger(message: Message) -> None:
            if message["type"] == "http.response.start" and not body_is_coming:
                message = {**message, "headers": [*message.get("headers", ()), CLOSE]}
            is_last = message["type"] == "http.response.body" and not message.get("more_body")
            if not is_last or has_ended or scope["method"] in _BODILESS:
                return await send(message)
            await send({**message, "more_body": True})
            with contextlib.suppress(TimeoutError):
                await drop_the_rest()
            return await send({"type": "http.response.body", "body": b""})

        return await self.app(scope, receive_and_note, send_and_linger)


def linger(app: ASGIApp) -> Lingering:
    """Around all that may answer early: within the bounds that the settings have for bodies."""
    chosen = settings.from_environment(os.environ)
    return Lingering(app, max_bytes=chosen.max_batch_bytes, timeout_s=chosen.upload_timeout_s)
