"""The short form of `make soak`: a minute shows wrong answers, and only the coarsest of leaks."""

import asyncio
from collections.abc import Iterator

import pytest

from tests.abuse import known_server, memory
from tests.abuse.memory import Sample
from tests.abuse.soak import PLACES, Soak, soak

SECONDS = 60
# A minute is mostly warm-up: pools and caches are still filling. The long form asks for 5 %.
MOST_GROWTH = 0.5


@pytest.fixture(scope="module")
def soaked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Soak]:
    folder = tmp_path_factory.mktemp("soak")
    with known_server.running(folder, CATDOG_MAX_IN_FLIGHT=PLACES) as server:
        yield asyncio.run(soak(server, SECONDS))


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
