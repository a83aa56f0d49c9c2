"""service.intake: what slow pictures of a batch cost, and whom."""

import asyncio
from collections import Counter
from functools import partial

import httpx
import numpy as np
import pytest

from service import app, problems
from service.decoder import Decoder
from service.intake import Intake
from service.problems import Problem
from service.settings import Settings
from service.uploads import Upload
from tests import pictures
from tests.service.application import Talk, broken, post, talk

SLOW = {"slow.jpg": pictures.endless()}
GOOD = {"red.png": pictures.plain(pictures.RED), "blue.png": pictures.plain(pictures.BLUE)}


def batch(*named: tuple[str, bytes]) -> Talk:
    return post("/predict/batch", files=[("image", one) for one in named])


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Decoding that a slow picture would never end. What was begun with, in that order."""
    begun: list[bytes] = []

    async def decode(_: Decoder, data: bytes) -> np.ndarray:
        begun.append(data)
        if data in SLOW.values():
            await asyncio.Event().wait()
        if data == b"no picture":
            raise Problem(problems.UNSUPPORTED, "Not a picture.")
        return np.zeros((224, 224, 3), np.uint8)

    monkeypatch.setattr(Decoder, "__call__", decode)
    return begun


@pytest.fixture
def in_flight(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Pictures that are worked on, as their number changes."""
    told: list[int] = []
    monkeypatch.setattr(app, "build", partial(app.build, observe_pictures=told.append))
    return told


def test_pictures_that_use_up_the_time_leave_their_neighbours_an_answer() -> None:
    """With processes that decode: each slow one takes 1 s of a core, and there is 4 s for all."""
    sent = [*SLOW.items()] * 8 + [*GOOD.items()]
    response = talk(batch(*sent), answer_timeout_s=6, decode_cpu_timeout_s=1)
    assert response.status_code == 200, response.text
    predictions = response.json()["predictions"]
    assert [p["name"] for p in predictions] == [name for name, _ in sent]
    assert [p["label"] for p in predictions[8:]] == ["cat", "cat"]
    slugs = Counter(p["error"]["type"].removeprefix("/docs#") for p in predictions[:8])
    assert slugs["overloaded"], "all were tried"
    assert set(slugs) <= {"damaged-picture", "overloaded"}


def test_a_picture_that_was_out_of_time_is_told_so(started: list[bytes]) -> None:
    response = talk(batch(*SLOW.items(), *GOOD.items()), answer_timeout_s=0.6)
    error = response.json()["predictions"][0]["error"]
    assert (error["status"], error["type"]) == (503, "/docs#overloaded")
    assert "0.4 s" in error["detail"]
    assert "network" not in error["detail"]
    assert len(started) == 3


def test_small_files_come_first_and_answers_in_the_order_sent(started: list[bytes]) -> None:
    sent = [("large.png", bytes(9)), ("none.txt", b"no picture"), ("small.png", b"x")]
    response = talk(batch(*sent))
    assert started == [b"x", bytes(9), b"no picture"]
    predictions = response.json()["predictions"]
    assert [p["name"] for p in predictions] == [name for name, _ in sent]
    assert ["error" in p for p in predictions] == [False, True, False]


def test_what_is_not_decoded_in_time_gives_back_its_place(started: list[bytes]) -> None:
    """Its turn at the decoder, its share of pictures and of bytes; the rest is never begun with."""
    sent = [*SLOW.items()] * 5

    async def twice(client: httpx.AsyncClient) -> list[int]:
        responses = [await batch(*sent)(client), await batch(*GOOD.items())(client)]
        return [len(r.json()["predictions"]) for r in responses]

    assert talk(twice, max_in_flight=1, max_buffered_bytes=1, answer_timeout_s=0.6) == [5, 2]
    assert started == [*SLOW.values(), *GOOD.values()]


@pytest.mark.parametrize("path", ["/predict", "/predict/batch"])
def test_clients_that_leave_give_back_their_places(
    path: str, started: list[bytes], in_flight: list[int]
) -> None:
    async def leave(client: httpx.AsyncClient) -> None:
        files = [("image", one) for one in SLOW.items()]
        leaving = asyncio.create_task(client.post(path, files=files))
        while not started:
            await asyncio.sleep(0)
        leaving.cancel()
        with pytest.raises(asyncio.CancelledError, match=r"^$"):
            await leaving

    talk(leave)
    assert in_flight == [1, 0]


def test_errors_give_back_their_places(in_flight: list[int]) -> None:
    statuses = [
        talk(post("/predict", content=pictures.truncated_jpeg())).status_code,
        talk(post("/predict", content=pictures.endless()), answer_timeout_s=0.2).status_code,
        talk(batch(*GOOD.items()), score=broken).status_code,
    ]
    assert statuses == [422, 503, 500]
    assert in_flight == [1, 0, 1, 0, 2, 0]


def test_what_takes_too_long_as_a_whole_says_nothing_of_the_network(started: list[bytes]) -> None:
    response = talk(post("/predict", content=pictures.endless()), answer_timeout_s=0.2)
    assert response.status_code == 503
    assert "0.2 s" in response.json()["detail"]
    assert "busy" not in response.json()["detail"]
    assert started


def test_a_batch_has_half_of_the_decoders(monkeypatch: pytest.MonkeyPatch) -> None:
    """The others are for other requests."""

    async def begun_at_once() -> tuple[int, int]:
        begun: list[bytes] = []
        may_go = asyncio.Event()

        async def decode(_: Decoder, data: bytes) -> np.ndarray:
            begun.append(data)
            await may_go.wait()
            return np.zeros((224, 224, 3), np.uint8)

        monkeypatch.setattr(Decoder, "__call__", decode)
        intake = Intake(Settings(), 4, lambda: None, lambda _: None)
        batch = asyncio.create_task(intake._decode_all([Upload(None, b"a picture")] * 8))
        await asyncio.sleep(0.1)
        at_once = len(begun)
        may_go.set()
        await batch
        return at_once, len(begun)

    assert asyncio.run(begun_at_once()) == (2, 8)
