"""The way from the process that speaks HTTP to the one that holds the network."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import numpy as np
from aiohttp import ClientConnectionError, ClientPayloadError
from bentoml.exceptions import ServiceUnavailable

from service import problems
from service.row import WIDTH, Score

T = TypeVar("T")

CHUNK = 16  # pictures a call: one full batch of the network's, so that nobody waits for a giant
TRIES = 4
_PAUSE_S = 0.05  # doubles with every try; a reset connection is good again at once


class Remote:
    """Has the network score pictures."""

    def __init__(self, call: Score) -> None:
        """Args: call: (N, 224, 224, 3) uint8 to (N, WIDTH) float32; N at most `CHUNK`."""
        self._call = call

    async def __call__(self, pixels: np.ndarray) -> np.ndarray:
        """Score any number of pictures.

        Args:
            pixels: (N, 224, 224, 3) uint8, RGB; N at least 1.
        Returns:
            (N, WIDTH) float32, see `service.row`.
        Raises:
            Problem: 503, the network is overloaded or out of reach.
        """
        chunks = [pixels[i : i + CHUNK] for i in range(0, len(pixels), CHUNK)]
        rows = np.concatenate(
            await asyncio.gather(*(insist(self._call, chunk) for chunk in chunks))
        )
        if rows.shape != (len(pixels), WIDTH):
            raise RuntimeError(f"{len(pixels)} pictures went in, {rows.shape} scores came out")
        return rows


async def insist(call: Callable[[np.ndarray], Awaitable[T]], pixels: np.ndarray) -> T:
    """Call the network, again if the connection broke: it is pure, twice does no harm.

    Args:
        pixels: (N, 224, 224, 3) uint8, RGB.
    Raises:
        Problem: 503, the network is overloaded or out of reach.
    """
    try:
        for n in range(1, TRIES):
            try:
                return await call(pixels)
            except (ClientConnectionError, ClientPayloadError):
                await asyncio.sleep(_PAUSE_S * 2**n)
        return await call(pixels)
    except (ServiceUnavailable, ClientConnectionError, ClientPayloadError) as exc:
        raise problems.overloaded() from exc
