"""service.admission: what there is, and how a crowd that finds none of it is refused."""

import asyncio
from itertools import pairwise

import pytest

from service import problems
from service.admission import REFUSALS, Budget
from service.problems import Problem

CROWD = 100


async def outcome(budget: Budget) -> str:
    """What becomes of one request."""
    try:
        await budget.refuse_if_spent()
    except Problem as problem:
        return problem.kind.slug
    return "let in"


def crowd_at(budget: Budget) -> list[asyncio.Task[str]]:
    """Many requests at once."""
    return [asyncio.create_task(outcome(budget)) for _ in range(CROWD)]


def test_every_pass_of_the_event_loop_refuses_a_few() -> None:
    async def refused_a_pass() -> list[int]:
        budget = Budget(lambda: 1, problems.too_many_requests)
        with budget.share() as share:
            share.take(1)
            crowd = crowd_at(budget)
            totals = [0]
            while totals[-1] < CROWD:
                await asyncio.sleep(0)
                totals.append(sum(one.done() for one in crowd))
        assert {one.result() for one in crowd} == {"too-many-requests"}
        return [after - before for before, after in pairwise(totals)]

    assert max(asyncio.run(refused_a_pass())) == REFUSALS


def test_who_still_waits_to_be_refused_when_a_place_is_free_is_let_in() -> None:
    async def outcomes() -> list[str]:
        budget = Budget(lambda: 1, problems.too_many_requests)
        with budget.share() as share:
            share.take(1)
            crowd = crowd_at(budget)
            await asyncio.sleep(0)  # all of them have come, and found no place
            await asyncio.sleep(0)
        return [await one for one in crowd]

    found = asyncio.run(outcomes())
    assert found[0] == "too-many-requests"
    assert found[-1] == "let in"


def test_one_alone_may_take_more_than_there_is_piece_by_piece() -> None:
    """Or a body larger than the budget, which the limits of uploads allow, would never be taken."""
    budget = Budget(lambda: 10, problems.buffers_full)
    with budget.share() as large:
        for _ in range(5):
            large.take(4)
        with budget.share() as other, pytest.raises(Problem, match="as many bytes as"):
            other.take(1)
    with budget.share() as other:
        other.take(10)


def test_an_observer_is_told_what_is_spent_and_of_nothing_refused() -> None:
    told: list[int] = []
    budget = Budget(lambda: 10, problems.buffers_full, told.append)
    with budget.share() as one:
        one.take(4)
        with budget.share() as other:
            other.take(5)
            with pytest.raises(Problem, match="as many bytes as"):
                other.take(2)
        one.take(1)
    assert told == [4, 9, 4, 5, 0]


def test_beside_others_nobody_takes_more_than_is_left() -> None:
    budget = Budget(lambda: 10, problems.buffers_full)
    with budget.share() as one, budget.share() as other:
        one.take(4)
        other.take(6)
        with pytest.raises(Problem, match="as many bytes as"):
            one.take(1)
