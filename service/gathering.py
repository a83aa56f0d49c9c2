"""Many requests' pictures in one call to the network's process.

A call costs both processes some milliseconds, for one picture as for sixteen: BentoML's layers,
and the HTTP between them. So pictures that come while others are being scored wait here, and
then go together; or before, through the second door, once they fill a call.

One call at a time through each door: with a second one waiting at it, BentoML's batching learns
from how long that waits that waiting pays, and then holds back single requests, too.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from contextvars import Context
from dataclasses import dataclass
from time import perf_counter
from typing import cast

import numpy as np

from service.row import Score

NEWS = 0.2  # what the latest call counts for in the speed


@dataclass(frozen=True, eq=False)
class _Waiting:
    """Pictures that were not sent yet, and the promise of their rows."""

    pixels: np.ndarray
    rows: asyncio.Future[np.ndarray]


class Gathering:
    """One call in place of many. For one event loop; not thread-safe."""

    def __init__(self, doors: Sequence[Score], most: int) -> None:
        """Set it up.

        Args:
            doors: each takes (N, 224, 224, 3) uint8 to N rows; N at most `most`.
            most: pictures a call.
        """
        self._most = most
        self._free = deque(doors)
        self._waiting: deque[_Waiting] = deque()
        self._n_waiting = 0  # pictures
        self._calls: set[asyncio.Task[None]] = set()
        self._speed = _Speed()

    @property
    def pictures_per_s(self) -> float | None:
        """Of late; None before the first call."""
        return self._speed.pictures_per_s

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
        self._n_waiting += len(pixels)
        self._send_what_may_go()
        return await waiting.rows

    def _send_what_may_go(self) -> None:
        while self._free and self._n_waiting >= (self._most if self._calls else 1):
            if not (together := self._next()):
                return
            if not self._calls:
                self._speed.begin()
            # In a context of its own: what it sends is no request's, and nobody's trace.
            call = asyncio.create_task(
                self._send(together, self._free.popleft()), context=Context()
            )
            self._calls.add(call)

    def _next(self) -> list[_Waiting]:
        """Those who waited longest, as many as fit; who has given up meanwhile is left out."""
        together: list[_Waiting] = []
        room = self._most
        while self._waiting and len(self._waiting[0].pixels) <= room:
            waiting = self._waiting.popleft()
            self._n_waiting -= len(waiting.pixels)
            if not waiting.rows.done():
                together.append(waiting)
                room -= len(waiting.pixels)
        return together

    async def _send(self, together: list[_Waiting], door: Score) -> None:
        n = sum(len(waiting.pixels) for waiting in together)
        n_scored = 0
        try:
            rows = await door(np.concatenate([waiting.pixels for waiting in together]))
            if len(rows) != n:  # one row fewer, and some would get others' answers
                raise RuntimeError(f"{n} pictures went in, {len(rows)} rows came out")
            n_scored = n
        except Exception as exc:
            for waiting in together:
                if not waiting.rows.done():
                    waiting.rows.set_exception(exc)
            return
        finally:
            self._speed.note(n_scored)
            self._calls.discard(cast(asyncio.Task[None], asyncio.current_task()))
            self._free.append(door)
            self._send_what_may_go()  # before the answers to these are written, which takes a while
        start = 0
        for waiting in together:
            end = start + len(waiting.pixels)
            if not waiting.rows.done():
                waiting.rows.set_result(rows[start:end])
            start = end


class _Speed:
    """Pictures a second, of late, of the time in which any were being scored."""

    def __init__(self) -> None:
        self._pictures = 0.0
        self._seconds = 0.0
        self._noted_at_s = 0.0

    @property
    def pictures_per_s(self) -> float | None:
        return self._pictures / self._seconds if self._seconds else None

    def begin(self) -> None:
        """Pictures are being scored from now on, and none were."""
        self._noted_at_s = perf_counter()

    def note(self, pictures: int) -> None:
        """So many were scored since the last note; a call that failed says nothing."""
        now_s = perf_counter()
        if pictures:
            self._pictures = self._pictures * (1 - NEWS) + pictures
            self._seconds = self._seconds * (1 - NEWS) + now_s - self._noted_at_s
        self._noted_at_s = now_s
