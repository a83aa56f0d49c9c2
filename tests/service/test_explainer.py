"""POST /explain without BentoML: what it asks of the network, what it counts, what goes wrong."""

import asyncio

import httpx
import numpy as np
import pytest

from service.explainer import COST, Explainer, See
from service.problems import overloaded
from service.record import Record
from service.row import Score
from service.sight import STAGES, Sight, Stage
from tests import pictures
from tests.http.problem import assert_problem, assert_refused
from tests.service.application import CARD, cats, post, silent, talk, together

EXPLAIN = post("/explain", content=pictures.plain())
CAT_EVERYWHERE = np.full((7, 7), -1.0, np.float32)


async def see(pixels: np.ndarray) -> Sight:
    """A network that asserts what it is given, and sees a cat in all places."""
    assert (pixels.shape, pixels.dtype) == ((1, 224, 224, 3), np.uint8)
    await asyncio.sleep(0)
    one = np.ones((1, 7, 7), np.float32)
    stages = tuple(Stage(name, 1, np.array([0]), one) for name in STAGES)
    return Sight(CAT_EVERYWHERE, np.arange(5.0), stages, seconds=0.5)


def explainer(see: See = see, score: Score = cats) -> Explainer:
    return Explainer(
        see=see,
        score=score,
        calibration=CARD.calibration,
        tag="catdog:x",
        classes=("a", "b", "c", "d", "e"),
    )


def test_all_that_is_scored_is_scored_as_one_batch_whose_first_is_the_picture() -> None:
    batches: list[np.ndarray] = []

    async def noting(pixels: np.ndarray) -> np.ndarray:
        batches.append(pixels)
        return await cats(pixels)

    pixels = np.full((224, 224, 3), 200, np.uint8)
    record = Record()
    found = asyncio.run(explainer(score=noting)(pixels, record))
    (scored,) = batches
    assert len(scored) + 1 == COST
    assert (scored[0] == pixels).all()
    areas = [(greyed != 200).any(2).mean() for greyed in scored[1:]]
    assert areas == sorted(areas)
    assert len(set(areas)) == 3
    assert record.model_s == pytest.approx(0.501)
    assert record.answers == [found.answer]
    assert [c.name for c in found.imagenet] == ["e", "d", "c", "b", "a"]


def test_model_that_cannot_explain_itself_is_501_before_the_body_is_read() -> None:
    async def refuse(client: httpx.AsyncClient) -> httpx.Response:
        return await client.post("/explain", content=b"")

    response = talk(refuse, explain=None)
    assert "Export it again" in assert_problem(response, 501, "not-explainable")


def test_every_picture_that_the_network_is_given_counts() -> None:
    one = post("/predict", content=pictures.plain())
    first, second, third = talk(
        together(EXPLAIN, EXPLAIN, one), explain=explainer(), max_in_flight=COST + 1
    )
    assert (first.status_code, third.status_code) == (200, 200)
    assert_refused(second, 429, "too-many-requests")


def test_its_places_are_given_back() -> None:
    async def one_by_one(client: httpx.AsyncClient) -> set[int]:
        return {(await EXPLAIN(client)).status_code for _ in range(3)}

    assert talk(one_by_one, explain=explainer(), max_in_flight=COST) == {200}


async def silent_sight(pixels: np.ndarray) -> Sight:
    await asyncio.Event().wait()
    return await see(pixels)


async def overloaded_sight(_: np.ndarray) -> Sight:
    raise overloaded()


@pytest.mark.parametrize(
    "broken",
    [explainer(silent_sight), explainer(overloaded_sight), explainer(score=silent)],
    ids=["silent", "overloaded", "silent-later"],
)
def test_network_out_of_reach_is_503_with_retry_after_and_holds_no_place(
    broken: Explainer,
) -> None:
    async def twice(client: httpx.AsyncClient) -> list[httpx.Response]:
        return [await EXPLAIN(client), await EXPLAIN(client)]

    for response in talk(twice, explain=broken, answer_timeout_s=0.2, max_in_flight=COST):
        assert_refused(response, 503, "overloaded")


def test_bug_of_ours_is_500_and_says_nothing_of_our_insides() -> None:
    async def broken(_: np.ndarray) -> Sight:
        raise KeyError("/secret/path")

    response = talk(EXPLAIN, explain=explainer(broken))
    assert "secret" not in assert_problem(response, 500, "internal-error")
