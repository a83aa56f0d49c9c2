"""How pictures come in: admitted, read, decoded, each within its limits."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import numpy as np
from starlette.requests import Request

from service import problems, uploads
from service.admission import Budget
from service.decode_process import Bounds
from service.decoder import Decoder
from service.problems import Problem
from service.record import Record
from service.remote import CHUNK
from service.settings import Settings
from service.uploads import Upload

SAFETY = 0.5  # of the time that an answer may take: in a rush the network is slower than before it
UNTRIED = 64  # pictures that are accepted before the network has shown its speed
DECODING = 2 / 3  # of the same time, for the pictures of a batch; the rest is for the network


class Intake:
    """Of all requests together. What is done within its contexts has bounded time, and a place."""

    def __init__(
        self,
        settings: Settings,
        decoders: int,
        pictures_per_s: Callable[[], float | None],
        observe_pictures: Callable[[int], None],
    ) -> None:
        """Set it up; `service.app.build` has the same arguments."""
        self._settings = settings
        self._decoders = decoders
        self._decode = Decoder(
            decoders,
            Bounds(settings.max_pixels, settings.decode_cpu_timeout_s, settings.decode_timeout_s),
        )
        self._pictures_per_s = pictures_per_s
        self._pictures = Budget(self._most_in_flight, problems.too_many_requests, observe_pictures)
        self._bytes = Budget(lambda: settings.max_buffered_bytes, problems.buffers_full)

    @asynccontextmanager
    async def one(self, request: Request, cost: int = 1) -> AsyncIterator[np.ndarray]:
        """The one picture of a request, (224, 224, 3) uint8 RGB.

        Args:
            cost: pictures that the network is going to be given for it.
        Raises:
            Problem: 400 to 429, or 503, also if what is done within takes too long.
        """
        record = Record.of(request.scope)
        await self._pictures.refuse_if_spent()
        with self._bytes.share() as held, self._pictures.share() as worked_on:
            data = await uploads.read_one(request, self._settings, held)
            worked_on.take(cost)  # not before: who sends slowly keeps nobody out
            record.pictures = 1
            async with _within(self._settings.answer_timeout_s):
                with record.decode:
                    pixels = await self._decode(data)
                yield pixels

    @asynccontextmanager
    async def many(
        self, request: Request
    ) -> AsyncIterator[list[tuple[str | None, np.ndarray | Problem]]]:
        """Names and pictures of a request, or the problem that a picture has by itself.

        Yields:
            name and (224, 224, 3) uint8 RGB, or name and problem, in the order they came. A
            picture that is not decoded within `DECODING` of the time has that for a problem.
        Raises:
            Problem: 400 to 429, or 503, of the whole request.
        """
        record = Record.of(request.scope)
        await self._pictures.refuse_if_spent()
        with self._bytes.share() as held, self._pictures.share() as worked_on:
            received = await uploads.read_many(request, self._settings, held)
            worked_on.take(len(received))
            record.pictures = len(received)
            async with _within(self._settings.answer_timeout_s):
                with record.decode:
                    decoded = await self._decode_all(received)
                yield [(u.name, outcome) for u, outcome in zip(received, decoded, strict=True)]

    def _most_in_flight(self) -> int:
        """Pictures that are accepted: as many as can be answered in time, at the speed of late."""
        most = self._settings.max_in_flight
        speed = self._pictures_per_s()
        if speed is None:
            return min(most, UNTRIED)
        in_time = int(speed * self._settings.answer_timeout_s * SAFETY)
        return min(most, max(in_time, CHUNK))

    async def _decode_all(self, received: list[Upload]) -> list[np.ndarray | Problem]:
        """In their order; but small files, which mostly take less, are decoded first."""
        seconds = DECODING * self._settings.answer_timeout_s
        deadline = asyncio.get_running_loop().time() + seconds
        turn = asyncio.Semaphore(max(1, self._decoders // 2))  # other requests get the rest

        async def pixels_or_problem(upload: Upload) -> np.ndarray | Problem:
            try:
                async with asyncio.timeout_at(deadline), turn:
                    return await self._decode(upload.bytes())
            except TimeoutError:
                return problems.undecoded(seconds)
            except Problem as problem:
                return problem

        order = sorted(range(len(received)), key=lambda i: received[i].n_bytes)
        decoded = await asyncio.gather(*(pixels_or_problem(received[i]) for i in order))
        outcome_of = dict(zip(order, decoded, strict=True))
        return [outcome_of[i] for i in range(len(received))]


@asynccontextmanager
async def _within(seconds: float) -> AsyncIterator[None]:
    """Raises: Problem: 503, it took longer."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError as exc:
        raise problems.unanswered(seconds) from exc
