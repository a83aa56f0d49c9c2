"""The short form of `make soak`: forty seconds, and no bombs, whose memory would be all one saw."""

import asyncio
from collections.abc import Iterator
from itertools import combinations

import pytest

from tests.abuse import known_server, memory, specimens
from tests.abuse.memory import Sample
from tests.abuse.soak import PLACES, Soak, soak

SECONDS = 40
# They are mostly warm-up: pools and caches are still filling. The long form asks for 5 %.
MOST_GROWTH = 0.3


@pytest.fixture(scope="module")
def soaked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Soak]:
    folder = tmp_path_factory.mktemp("soak")
    with known_server.running(folder, CATDOG_MAX_IN_FLIGHT=PLACES) as server:
        yield asyncio.run(soak(server, SECONDS, with_bombs=False))


def test_mixed_traffic_gets_nothing_but_right_answers(soaked: Soak) -> None:
    assert soaked.traffic.complaints == []
    assert not soaked.has_restarted
    assert soaked.traffic.statuses[200] > soaked.traffic.statuses.total() / 4
    assert {"slow", "burst", "batch", "leave_while_waiting"} <= set(soaked.traffic.visits)


def test_memory_stays_within_coarse_bounds(soaked: Soak) -> None:
    assert soaked.growth < MOST_GROWTH


def test_growth_compares_the_ends_of_what_comes_after_warm_up() -> None:
    warm_up = [Sample(t, 0, 10) for t in range(10)]
    steady = [Sample(t, 0, 100) for t in range(10, 100)]
    peak = [Sample(100, 0, 900)]
    grown = [Sample(t, 0, 120) for t in range(101, 120)]
    assert memory.growth(warm_up + steady + peak, warm_up_s=10) == 0
    assert memory.growth(warm_up + steady + peak + grown, warm_up_s=10) == pytest.approx(0.2)


def test_no_two_pictures_are_due_answers_that_could_be_taken_for_each_other() -> None:
    due = [(specimen.p_cat, specimen.novelty) for specimen in specimens.known()]
    for (p, novelty), (other_p, other_novelty) in combinations(due, 2):
        assert max(abs(p - other_p), abs(novelty - other_novelty)) > 2 * specimens.TOLERANCE
