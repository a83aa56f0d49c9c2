"""Sixty-four times as many clients as places: a prompt no, or the right answer."""

import asyncio
import time
from collections import Counter

import aiohttp

from tests import pictures
from tests.abuse.contract import complaint
from tests.http.conftest import NARROW
from tests.known_network import is_answer_to
from tests.live_server import Server

CLIENTS = 64 * NARROW
SECONDS = 5


async def ask(http: aiohttp.ClientSession, n: int, deadline: float) -> list[int | str]:
    """One client, until time is up. Returns statuses, and in their place what went wrong."""
    outcomes: list[int | str] = []
    rgb = (n % 256, n // 256 * 100, 128)
    data = pictures.plain(rgb, size=(8, 8))
    while time.monotonic() < deadline:
        try:
            async with http.post("/predict", data=data) as answer:
                body = await answer.read()
                wrong = complaint(answer.status, answer.headers, body, may_shed=True)
                if wrong is None and answer.status not in (200, 429, 503):
                    wrong = f"{answer.status} to a good picture"
                if wrong is None and answer.status == 200:
                    wrong = None if is_answer_to(rgb, await answer.json()) else f"{rgb}: {body!r}"
                outcomes.append(wrong or answer.status)
        except aiohttp.ClientError as exc:
            outcomes.append(repr(exc))
    return outcomes


def test_512_clients_at_once_get_the_right_answer_or_429_or_503(narrow_server: Server) -> None:
    async def everybody() -> list[list[int | str]]:
        deadline = time.monotonic() + SECONDS
        connector = aiohttp.TCPConnector(limit=0)
        timeout = aiohttp.ClientTimeout(60)
        async with aiohttp.ClientSession(
            narrow_server.url, connector=connector, timeout=timeout
        ) as http:
            return await asyncio.gather(*(ask(http, n, deadline) for n in range(CLIENTS)))

    outcomes = Counter(outcome for each in asyncio.run(everybody()) for outcome in each)
    assert set(outcomes) <= {200, 429, 503}, outcomes
    assert outcomes[200] > 0, "overload keeps everybody out"
    assert outcomes[429] > 0, "this was no overload"
