"""Clients that are slow or vanish hold nothing up, and cost nobody an answer."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import httpx
import pytest

from tests import pictures
from tests.abuse import raw_client
from tests.http.conftest import NARROW
from tests.known_network import is_answer_to
from tests.live_server import Server

SLOW = 300
ORDINARY = 32
VANISHING = 48
SETTLE_TIMEOUT_S = 30
BATCH_HEAD = b"POST /predict/batch HTTP/1.1\r\nHost: catdog\r\nContent-Length: 900\r\n"
BATCH_HEAD += b"Content-Type: multipart/form-data; boundary=xyz\r\n\r\n"
PART = b'--xyz\r\nContent-Disposition: form-data; name="image"; filename="a.png"\r\n\r\n'


def whole(n: int = 0) -> bytes:
    return raw_client.request(pictures.plain((4 * n, 0, 128)))


async def ask(http: httpx.AsyncClient, n: int, times: int, may_be_refused: bool) -> list[str]:
    """An ordinary client. Returns what went wrong."""
    wrong = []
    for i in range(times):
        rgb = (4 * n, 8 * i, 128)
        response = await http.post("/predict", content=pictures.plain(rgb, size=(8, 8)))
        if response.status_code == 429 and may_be_refused:
            continue
        if response.status_code != 200 or not is_answer_to(rgb, response.json()):
            wrong.append(f"{rgb} got {response.status_code} {response.text}")
    return wrong


async def ask_all(url: str, clients: int, times: int, *, may_be_refused: bool = False) -> list[str]:
    async with httpx.AsyncClient(base_url=url, timeout=60) as http:
        wrong = await asyncio.gather(*(ask(http, n, times, may_be_refused) for n in range(clients)))
    return [w for each in wrong for w in each]


@pytest.mark.parametrize(
    "at_once",
    [whole()[:-50], BATCH_HEAD + PART, b"POST /pre"],
    ids=["in-a-picture", "in-a-form", "in-the-request-line"],
)
def test_300_clients_that_send_a_byte_a_second_hold_nobody_up(
    server: Server, at_once: bytes
) -> None:
    async def all_at_once() -> tuple[list[str], int]:
        slow = [
            asyncio.create_task(raw_client.trickle(server.url, at_once, bytes(600)))
            for _ in range(SLOW)
        ]
        wrong = await ask_all(server.url, ORDINARY, times=4)
        still_sending = sum(not task.done() for task in slow)
        for task in slow:
            task.cancel()
        await asyncio.gather(*slow, return_exceptions=True)
        return wrong, still_sending

    wrong, still_sending = asyncio.run(all_at_once())
    assert wrong == []
    assert still_sending == SLOW, "a slow client was turned away: it had its time still"


async def leave_half_way(url: str, n: int) -> None:
    """In the middle of a picture, of a form, of a form's header, of the request's header."""
    beginning = (whole()[:-20], BATCH_HEAD + PART + b"x", BATCH_HEAD + PART[:20], whole()[:30])
    await raw_client.leave(url, beginning[n % 4], after_s=n % 3 / 10)


async def leave_while_waiting(url: str, n: int) -> None:
    """The whole request is sent; the answer finds nobody."""
    await raw_client.leave(url, whole(n), after_s=n % 3 / 100)


async def leave_while_it_is_explained(url: str, n: int) -> None:
    """Of eight places each takes five."""
    explain = raw_client.request(pictures.plain((4 * n, 0, 128)), "/explain")
    await raw_client.leave(url, explain, after_s=n % 3 / 100)


@pytest.mark.parametrize(
    "vanish", [leave_half_way, leave_while_waiting, leave_while_it_is_explained]
)
def test_clients_that_vanish_give_their_place_back_and_change_nobodys_answer(
    narrow_server: Server, vanish: Callable[[str, int], Awaitable[None]]
) -> None:
    """There are six times as many of them as places."""
    url = narrow_server.url

    async def everybody() -> list[str]:
        vanishing = asyncio.gather(*(vanish(url, n) for n in range(VANISHING)))
        wrong = await ask_all(url, 2, times=20, may_be_refused=True)
        await vanishing
        return wrong

    assert asyncio.run(everybody()) == [], "an answer was wrong, or none"
    deadline = time.monotonic() + SETTLE_TIMEOUT_S
    while (wrong := asyncio.run(ask_all(url, NARROW, times=1))) and time.monotonic() < deadline:
        pass
    assert wrong == [], f"not all of the {NARROW} places are free again"
