"""The application without BentoML, in this process, around a network that a test makes up."""

import asyncio
import gc
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import numpy as np

from service import app
from service.artifact import Calibration, Card, Dataset, Recipe
from service.explainer import Explain
from service.settings import Settings

CARD = Card(
    calibration=Calibration(temperature=1, novelty_threshold=1),
    dataset=Dataset(name="none", digest="0" * 64, counts={}),
    recipe=Recipe(backbone="none", weights="none", config="", seed=0, stage="none"),
    created="2026-01-01T00:00:00Z",
)
Talk = Callable[[httpx.AsyncClient], Awaitable[Any]]


async def cats(pixels: np.ndarray) -> np.ndarray:
    """A network that asserts what it is given, and sees cats."""
    assert pixels.dtype == np.uint8
    assert pixels.shape[1:] == (224, 224, 3)
    return np.tile(np.array([[9.0, 0.0, 0.0, 0.001]], np.float32), (len(pixels), 1))


async def broken(_: np.ndarray) -> np.ndarray:
    """A network with a bug."""
    raise KeyError("/secret/path")


async def silent(_: np.ndarray) -> np.ndarray:
    """A network that never answers."""
    return await asyncio.Event().wait() or np.empty(0)


def talk(
    what: Talk,
    *,
    score: app.Score = cats,
    explain: Explain | None = None,
    pictures_per_s: float | None = None,
    **settings: Any,
) -> Any:
    """Let `what` talk to an application of these settings."""

    async def run() -> Any:
        application = app.build(
            pictures_per_s=lambda: pictures_per_s,
            score=score,
            explain=explain,
            card=CARD,
            tag="catdog:x",
            settings=Settings(**settings),
            decoders=1,
        )
        transport = httpx.ASGITransport(application, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://app") as client:
            return await what(client)

    try:
        return asyncio.run(run())
    finally:
        gc.collect()  # its decoders end now, and not while those of the next test are awaited


def post(path: str, **request: Any) -> Talk:
    return lambda client: client.post(path, **request)


def together(*requests: Talk) -> Talk:
    async def crowd(client: httpx.AsyncClient) -> list[httpx.Response]:
        return await asyncio.gather(*(request(client) for request in requests))

    return crowd
