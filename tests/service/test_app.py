"""service.app without BentoML: limits at their edges, overload, and our own failures."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import numpy as np
import pytest

from service import problems
from service.intake import UNTRIED
from tests import pictures
from tests.http.problem import assert_problem, assert_refused
from tests.service.application import Talk, broken, post, silent, talk, together


def test_bytes_are_counted_to_the_last_one() -> None:
    data = pictures.plain()
    assert talk(post("/predict", content=data), max_upload_bytes=len(data)).status_code == 200
    response = talk(post("/predict", content=data), max_upload_bytes=len(data) - 1)
    assert_problem(response, 413, "too-many-bytes")


def test_pixels_are_counted_to_the_last_one() -> None:
    data = pictures.plain(size=(30, 20))
    assert talk(post("/predict", content=data), max_pixels=600).status_code == 200
    response = talk(post("/predict", content=data), max_pixels=599)
    assert "30 x 20" in assert_problem(response, 413, "too-many-pixels")


def test_pictures_of_a_batch_are_counted_to_the_last_one() -> None:
    files = [("image", ("a.png", pictures.plain()))] * 3
    many = talk(post("/predict/batch", files=files), max_batch_pictures=3)
    assert len(many.json()["predictions"]) == 3
    response = talk(post("/predict/batch", files=files), max_batch_pictures=2)
    assert_problem(response, 413, "too-many-pictures")


def test_bytes_of_a_batch_are_counted() -> None:
    files = [("image", ("a.png", pictures.plain()))] * 3
    response = talk(post("/predict/batch", files=files), max_batch_bytes=500)
    assert_problem(response, 413, "too-many-bytes")


def test_requests_past_the_bound_get_429_and_those_before_it_their_answer() -> None:
    one = post("/predict", content=pictures.plain())
    responses = talk(together(*[one] * 10), max_in_flight=4)
    assert [r.status_code for r in responses].count(200) == 4
    for response in responses:
        if response.status_code != 200:
            assert_refused(response, 429, "too-many-requests")


def test_slow_network_is_given_no_more_than_it_can_answer_in_time() -> None:
    one = post("/predict", content=pictures.plain())
    slow = talk(together(*[one] * 40), pictures_per_s=2.0, answer_timeout_s=30)
    assert [r.status_code for r in slow].count(200) == 30, "half of 30 s"
    stuck = talk(together(*[one] * 40), pictures_per_s=0.001)
    assert [r.status_code for r in stuck].count(200) == 16, "a batch may always be tried"
    fast = talk(together(*[one] * 40), pictures_per_s=1000.0, max_in_flight=8)
    assert [r.status_code for r in fast].count(200) == 8


def test_every_picture_of_a_batch_counts() -> None:
    batch = post("/predict/batch", files=[("image", ("a.png", pictures.plain()))] * 3)
    one = post("/predict", content=pictures.plain())
    first, second, third = talk(together(batch, batch, one), max_in_flight=4)
    assert (first.status_code, third.status_code) == (200, 200)
    assert_refused(second, 429, "too-many-requests")


def test_batch_of_more_than_may_be_in_flight_is_answered_when_alone() -> None:
    files = [("image", ("a.png", pictures.plain()))] * 3
    assert talk(post("/predict/batch", files=files), max_in_flight=2).status_code == 200


def test_bodies_that_still_arrive_keep_nobody_out() -> None:
    async def slow() -> AsyncIterator[bytes]:
        yield pictures.plain()[:10]
        await asyncio.Event().wait()

    async def beside_slow_ones(client: httpx.AsyncClient) -> int:
        stalled = [asyncio.create_task(client.post("/predict", content=slow())) for _ in range(9)]
        await asyncio.sleep(0)
        response = await client.post("/predict", content=pictures.plain())
        assert {(await task).status_code for task in stalled} == {408}
        return response.status_code

    assert talk(beside_slow_ones, max_in_flight=1, upload_timeout_s=0.5) == 200


def test_bodies_of_more_bytes_than_may_be_held_get_503() -> None:
    data = pictures.plain()
    one = post("/predict", content=data)
    responses = talk(together(*[one] * 5), max_buffered_bytes=2 * len(data))
    assert [r.status_code for r in responses].count(200) == 2
    for response in responses:
        if response.status_code != 200:
            assert "many bytes as are held" in assert_refused(response, 503, "overloaded")


def test_errors_give_their_place_back() -> None:
    async def many_errors(client: httpx.AsyncClient) -> httpx.Response:
        for _ in range(5):
            assert (await client.post("/predict", content=b"x")).status_code == 415
        return await client.post("/predict", content=pictures.plain())

    assert talk(many_errors, max_in_flight=1).status_code == 200


@pytest.mark.parametrize("path", ["/predict", "/predict/batch"])
def test_overloaded_network_is_503_with_retry_after(path: str) -> None:
    async def overloaded(_: np.ndarray) -> np.ndarray:
        raise problems.overloaded()

    files = {"image": ("a.png", pictures.plain())}
    response = talk(post(path, files=files), score=overloaded)
    assert_refused(response, 503, "overloaded")


@pytest.mark.parametrize("path", ["/predict", "/predict/batch"])
def test_silent_network_is_503_with_retry_after(path: str) -> None:
    files = {"image": ("a.png", pictures.plain())}
    response = talk(post(path, files=files), score=silent, answer_timeout_s=3)
    assert_refused(response, 503, "overloaded")


def test_bug_of_ours_is_500_and_says_nothing_of_our_insides() -> None:
    response = talk(post("/predict", content=pictures.plain()), score=broken)
    assert "secret" not in assert_problem(response, 500, "internal-error")


def test_body_that_does_not_end_in_time_is_408() -> None:
    async def stalled() -> AsyncIterator[bytes]:
        yield pictures.plain()[:10]
        await asyncio.Event().wait()

    response = talk(post("/predict", content=stalled()), upload_timeout_s=0.05)
    assert "0.05 s" in assert_problem(response, 408, "upload-timeout")


def test_batch_without_a_good_picture_never_asks_the_network() -> None:
    async def unasked(_: np.ndarray) -> np.ndarray:
        raise AssertionError("the network was asked")

    files = {"image": ("a.png", b"x")}
    response = talk(post("/predict/batch", files=files), score=unasked)
    assert response.json()["predictions"][0]["error"]["status"] == 415


def test_until_the_network_has_shown_its_speed_so_many_pictures_are_taken() -> None:
    one = post("/predict", content=pictures.plain(size=(8, 8)))
    answers = talk(together(*[one] * (UNTRIED + 20)))
    assert sum(answer.status_code == 200 for answer in answers) == UNTRIED


@pytest.mark.parametrize("path", ["/predict", "/predict/batch"])
def test_bytes_of_a_forms_picture_are_counted_to_the_last_one(path: str) -> None:
    data = pictures.plain()
    form = post(path, files={"image": ("a.png", data)})
    assert '"label"' in talk(form, max_upload_bytes=len(data)).text
    assert "too-many-bytes" in talk(form, max_upload_bytes=len(data) - 1).text


def test_bytes_of_a_batch_that_announces_none_are_counted_to_the_last_one() -> None:
    form = httpx.Request("POST", "http://x", files={"image": ("a.png", pictures.plain())})
    body = form.read()

    async def in_chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 50):
            yield body[start : start + 50]

    def batch() -> Talk:
        headers = {"Content-Type": form.headers["Content-Type"]}
        return post("/predict/batch", content=in_chunks(), headers=headers)

    assert talk(batch(), max_batch_bytes=len(body)).status_code == 200
    assert_problem(talk(batch(), max_batch_bytes=len(body) - 1), 413, "too-many-bytes")
