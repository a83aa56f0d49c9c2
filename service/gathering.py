"""Many requests' pictures in one call to the network's process.

A call costs both processes some milliseconds, for one picture as for sixteen: BentoML's layers,
and the HTTP between them. So pictures that come while others are being scored wait here, and
then go together.

One call at a time: with a second one waiting at the network's door, BentoML's batching learns
from how long that waits that waiting pays, and then holds back single requests, too. And while
the answers of one call are written, there are pictures to decode: the cores do not idle.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextvars import Context
from dataclasses import dataclass
from time import perf_counter

import numpy as np

NEWS = 0.2  # what the latest call counts for in the speed

Call = Callable[[np.ndarray], Awaitable[np.ndarray]]


@dataclass(frozen=True, eq=False)
class _Waiting:
    """Pictures that were not sent yet, and the promise of their rows."""

    pixels: np.ndarray
    rows: asyncio.Future[np.ndarray]


class Gathering:
    """One call in place of many. For one event loop; not thread-safe."""

    def __init__(self, call: Call, most: int) -> None:
        """Set it up.

        Args:
            call: (N, 224, 224, 3) uint8 to N rows; N at most `most`.
            most: pictures a call.
        """
        self._call = call
        self._most = most
        self._waiting: deque[_Waiting] = deque()
        self._sending: asyncio.Task[None] | None = None
        self.pictures_per_s: float | None = None  # of late; None before the first call

    async def __call__(self, pixels: np.ndarray) -> np.ndarray:
        """Score a few pictures: at once where nothing is being scored, else after that.

        Args:
            pixels: (N, 224, 224, 3) uint8, RGB; N from 1 to `most`.
        Returns:
            N rows.
        Raises:
            whatever the call raised that they were in.
        """
        assert 1 <= len(pixels) <= self._most
        waiting = _Waiting(pixels, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        if self._sending is None or self._sending.done():
            # In a context of its own: what it sends is no request's, and nobody's trace.
            self._sending = asyncio.create_task(self._send_all(), context=Context())
        return await waiting.rows

    async def _send_all(self) -> None:
        while together := self._next():
            await self._send(together)

    def _next(self) -> list[_Waiting]:
        """Those who waited longest, as many as fit; who has given up meanwhile is left out."""
        together: list[_Waiting] = []
        room = self._most
        while self._waiting and len(self._waiting[0].pixels) <= room:
            waiting = self._waiting.popleft()
            if not waiting.rows.done():
                together.append(waiting)
                room -= len(waiting.pixels)
        return together

    async def _send(self, together: list[_Waiting]) -> None:
        try:
            pixels = np.concatenate([waiting.pixels for waiting in together])
            started_s = perf_counter()
            rows = await self._call(pixels)
            self._note(len(pixels) / (perf_counter() - started_s))
            if len(rows) != len(pixels):  # one row fewer, and some would get others' answers
                raise RuntimeError(f"{len(pixels)} pictures went in, {len(rows)} rows came out")
        except Exception as exc:
            for waiting in together:
                if not waiting.rows.done():
                    waiting.rows.set_exception(exc)
            return
        start = 0
        for waiting in together:
            end = start + len(waiting.pixels)
            if not waiting.rows.done():
                waiting.rows.set_result(rows[start:end])
            start = end

    def _note(self, pictures_per_s: float) -> None:
        before = self.pictures_per_s
        self.pictures_per_s = (
            pictures_per_s if before is None else before + NEWS * (pictures_per_s - before)
        )
