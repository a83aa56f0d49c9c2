"""service.decoder: who pays for a lost process, and that it is replaced."""

import asyncio
import gc
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import psutil
import pytest

from service import decode_process, images, problems
from service.decode_process import Bounds
from service.decoder import Decoder
from service.problems import Problem
from tests import pictures
from tests.pictures import BLUE, RED

BOUNDS = Bounds(images.MAX_PIXELS, cpu_s=20, timeout_s=20)


@pytest.fixture
def decoder() -> Iterator[Decoder]:
    decoder = Decoder(2, BOUNDS)
    yield decoder
    del decoder
    gc.collect()


def decode(decoder: Decoder, *data: bytes) -> list[np.ndarray | BaseException]:
    async def all_at_once() -> list[np.ndarray | BaseException]:
        return await asyncio.gather(*map(decoder, data), return_exceptions=True)

    return asyncio.run(all_at_once())


def processes() -> set[psutil.Process]:
    alive = [c for c in psutil.Process().children() if c.status() != psutil.STATUS_ZOMBIE]
    return {c for c in alive if "service.decode_worker" in c.cmdline()}


def test_more_pictures_than_processes_each_get_their_own_pixels(decoder: Decoder) -> None:
    shades = [(i, 2 * i, 255 - i) for i in range(100)]
    decoded = decode(decoder, *(pictures.plain(shade) for shade in shades))
    for pixels, shade in zip(decoded, shades, strict=True):
        assert (pixels == shade).all()


def test_a_process_killed_while_idle_costs_nobody_anything(decoder: Decoder) -> None:
    decode(decoder, *[pictures.plain()] * 4)
    before = processes()
    for process in before:
        process.kill()
    for pixels in decode(decoder, *[pictures.plain(BLUE)] * 4):
        assert (pixels == BLUE).all()
    assert len(processes() - before) == len(before) == 2


def test_a_timeout_is_a_problem_of_that_picture_alone() -> None:
    decoder = Decoder(1, replace(BOUNDS, timeout_s=3))
    problem, pixels = decode(decoder, pictures.endless(), pictures.plain(RED))
    assert isinstance(problem, Problem)
    assert problem.kind is problems.DAMAGED
    assert "3 s in all" in problem.detail
    assert (pixels == RED).all()


@pytest.mark.parametrize("command", [("/nonexistent/python",), ("false",)], ids=" ".join)
def test_none_to_be_had_is_503_and_not_for_ever(
    decoder: Decoder, monkeypatch: pytest.MonkeyPatch, command: tuple[str]
) -> None:
    decode(decoder, pictures.plain())
    with monkeypatch.context() as broken:
        broken.setattr(decode_process, "_COMMAND", command)
        for process in processes():
            process.kill()
        for problem in decode(decoder, *[pictures.plain()] * 3):
            assert isinstance(problem, Problem)
            assert problem.kind is problems.OVERLOADED
            assert problem.headers["Retry-After"]
    (pixels,) = decode(decoder, pictures.plain(BLUE))
    assert (pixels == BLUE).all()


def test_its_processes_end_with_it() -> None:
    before = processes()
    decoder = Decoder(2, BOUNDS)
    own = processes() - before
    assert len(own) == 2
    del decoder
    gc.collect()
    assert not [process for process in own if process.is_running()]


def test_a_process_that_cannot_be_replaced_is_not_the_fault_of_its_picture(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    decoder = Decoder(1, replace(BOUNDS, timeout_s=3))
    decode(decoder, pictures.plain())
    with monkeypatch.context() as broken:
        broken.setattr(decode_process, "_COMMAND", ("/nonexistent/python",))
        found = decode(decoder, pictures.endless(), pictures.plain())
        kinds = [problem.kind for problem in found if isinstance(problem, Problem)]
        assert kinds == [problems.DAMAGED, problems.OVERLOADED]
    assert (decode(decoder, pictures.plain(RED))[0] == RED).all()
