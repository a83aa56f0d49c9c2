"""Spoiled pictures and bombs: refused or answered, soon, by processes that live on."""

from itertools import islice
from pathlib import Path

import pytest

from tests.abuse import picture_fuzz, processes
from tests.abuse.bombs import BOMBS
from tests.abuse.mutations import Mutant
from tests.abuse.picture_fuzz import Shot
from tests.live_server import Server

SLOWEST_S = 10  # of a machine that may be slow and shared; `make fuzz` asks for 2
REQUESTS = 300


def test_mutants_get_answers_of_the_contract(server: Server, tmp_path: Path) -> None:
    before = processes.services(server)
    shots = islice(picture_fuzz.shots(seed=0, with_bombs=False), REQUESTS)
    tally = picture_fuzz.fire(server.url, shots, slowest_s=SLOWEST_S, keep=tmp_path)
    assert tally.failures == []
    assert set(tally.statuses) >= {200, 415, 422}
    assert processes.services(server) == before


@pytest.mark.parametrize("name", BOMBS)
def test_bomb_is_refused_or_answered_soon(server: Server, tmp_path: Path, name: str) -> None:
    before = processes.services(server)
    shot = Shot("raw", [Mutant(name, BOMBS[name]())])
    assert picture_fuzz.fire(server.url, [shot], slowest_s=SLOWEST_S, keep=tmp_path).failures == []
    assert processes.services(server) == before


def test_same_seed_makes_the_same_requests() -> None:
    once, again = (list(islice(picture_fuzz.shots(seed=7), 50)) for _ in range(2))
    assert once == again
    assert once != list(islice(picture_fuzz.shots(seed=8), 50))
