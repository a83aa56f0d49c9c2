"""service.gathering: who waits goes together, and each gets its own rows."""

import asyncio
from collections.abc import Sequence

import numpy as np
import pytest

from service.gathering import Gathering

MOST = 16


def numbered(*numbers: int) -> np.ndarray:
    """(N, 1, 1, 3) pictures of which each holds its own number."""
    return np.repeat(np.array(numbers, np.uint8), 3).reshape(-1, 1, 1, 3)


class Network:
    """Answers each picture with its number; the calls that it holds back, when it is told to."""

    def __init__(self, failing: Sequence[int] = (), missing_rows: int = 0) -> None:
        """Args: failing: a call with one of these numbers fails."""
        self.calls: list[list[int]] = []
        self.failing = set(failing)
        self.missing_rows = missing_rows
        self.in_flight = 0
        self.go_on = asyncio.Event()

    async def __call__(self, pixels: np.ndarray) -> np.ndarray:
        assert self.in_flight == 0, "two calls at one door"
        self.in_flight += 1
        numbers = pixels[:, 0, 0, 0].tolist()
        self.calls.append(numbers)
        await self.go_on.wait()
        self.in_flight -= 1
        if self.failing & set(numbers):
            raise ConnectionError("broken")
        return pixels[: len(pixels) - self.missing_rows, 0, 0].astype(np.float32)


async def started(gathering: Gathering, *requests: np.ndarray) -> list[asyncio.Task[np.ndarray]]:
    """Requests of which the first is in flight, and the others wait."""
    tasks = [asyncio.create_task(gathering(pixels)) for pixels in requests[:1]]
    await asyncio.sleep(0)  # it comes
    await asyncio.sleep(0)  # it is sent
    tasks += [asyncio.create_task(gathering(pixels)) for pixels in requests[1:]]
    await asyncio.sleep(0)
    return tasks


def test_who_comes_while_others_are_scored_goes_together_and_gets_its_own_rows() -> None:
    async def run() -> None:
        network = Network()
        requests = [numbered(1), numbered(2, 3), numbered(4), numbered(5, 6, 7)]
        tasks = await started(Gathering([network], MOST), *requests)
        network.go_on.set()
        found = [rows[:, 0].tolist() for rows in await asyncio.gather(*tasks)]
        assert found == [[1], [2, 3], [4], [5, 6, 7]]
        assert network.calls == [[1], [2, 3, 4, 5, 6, 7]]

    asyncio.run(run())


def test_no_call_has_more_than_the_most_and_first_come_is_first_served() -> None:
    async def run() -> None:
        network = Network()
        tasks = await started(Gathering([network], MOST), *(numbered(i) for i in range(40)))
        network.go_on.set()
        await asyncio.gather(*tasks)
        assert network.calls == [[0], list(range(1, 17)), list(range(17, 33)), list(range(33, 40))]

    asyncio.run(run())


def test_a_full_call_goes_through_a_second_door_and_what_fills_none_waits() -> None:
    async def run() -> None:
        doors = [Network(), Network()]
        gathering = Gathering(doors, MOST)
        tasks = await started(gathering, *(numbered(i) for i in range(MOST)))
        assert [door.calls for door in doors] == [[[0]], []]
        tasks.append(asyncio.create_task(gathering(numbered(MOST))))
        await asyncio.sleep(0)  # it comes
        await asyncio.sleep(0)  # it is sent
        assert [door.calls for door in doors] == [[[0]], [list(range(1, MOST + 1))]]
        tasks += [asyncio.create_task(gathering(numbered(i))) for i in range(100, 140)]
        await asyncio.sleep(0)
        assert [door.in_flight for door in doors] == [1, 1], "no third call"
        for door in doors:
            door.go_on.set()
        rows = await asyncio.gather(*tasks)
        assert [int(row[0, 0]) for row in rows] == [*range(MOST + 1), *range(100, 140)]
        assert sorted(len(call) for door in doors for call in door.calls) == [1, 8, 16, 16, 16]

    asyncio.run(run())


def test_pictures_that_are_scored_side_by_side_are_counted_in_one_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """32 in 4 s, not 16 and 16 in 4 s each."""
    clock = iter([0.0, 4.0, 4.0])
    monkeypatch.setattr("service.gathering.perf_counter", lambda: next(clock))

    async def run() -> None:
        doors = [Network(), Network()]
        gathering = Gathering(doors, MOST)
        full = numbered(*range(MOST))
        tasks = [asyncio.create_task(gathering(full)) for _ in doors]
        await asyncio.sleep(0)
        for door in doors:
            door.go_on.set()
        await asyncio.gather(*tasks)
        assert gathering.pictures_per_s == pytest.approx((0.8 * 16 + 16) / (0.8 * 4))

    asyncio.run(run())


def test_a_request_is_never_split() -> None:
    async def run() -> None:
        network = Network()
        full = numbered(*range(100, 116))
        tasks = await started(
            Gathering([network], MOST), numbered(1), numbered(2), full, numbered(3)
        )
        network.go_on.set()
        await asyncio.gather(*tasks)
        assert network.calls == [[1], [2], list(range(100, 116)), [3]]

    asyncio.run(run())


def test_who_gives_up_is_not_sent_and_costs_the_others_nothing() -> None:
    async def run() -> None:
        network = Network()
        tasks = await started(Gathering([network], MOST), *map(numbered, range(4)))
        tasks[0].cancel()  # in flight
        tasks[2].cancel()  # waiting
        await asyncio.sleep(0)
        network.go_on.set()
        found = await asyncio.gather(*tasks, return_exceptions=True)
        assert [type(rows) for rows in found[::2]] == [asyncio.CancelledError] * 2
        assert [rows[:, 0].tolist() for rows in found[1::2]] == [[1], [3]]
        assert network.calls == [[0], [1, 3]]

    asyncio.run(run())


def test_a_call_that_fails_fails_those_in_it_and_nobody_after_it() -> None:
    async def run() -> None:
        network = Network(failing=[2])
        gathering = Gathering([network], MOST)
        tasks = await started(gathering, *map(numbered, (1, 2, 3)))
        network.go_on.set()
        found = await asyncio.gather(*tasks, return_exceptions=True)
        assert [type(rows) for rows in found] == [np.ndarray, ConnectionError, ConnectionError]
        assert (await gathering(numbered(4)))[:, 0].tolist() == [4]

    asyncio.run(run())


def test_a_missing_row_is_nobodys_answer() -> None:
    async def run() -> None:
        network = Network(missing_rows=1)
        tasks = await started(Gathering([network], MOST), *map(numbered, (1, 2, 3)))
        network.go_on.set()
        for error in await asyncio.gather(*tasks, return_exceptions=True):
            with pytest.raises(RuntimeError, match="pictures went in"):
                raise error

    asyncio.run(run())


def test_speed_is_that_of_late(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 2.0, 10.0, 11.0])
    monkeypatch.setattr("service.gathering.perf_counter", lambda: next(clock))

    async def run() -> None:
        network = Network()
        network.go_on.set()
        gathering = Gathering([network], MOST)
        assert gathering.pictures_per_s is None
        await gathering(numbered(*range(4)))
        assert gathering.pictures_per_s == pytest.approx(2)
        await gathering(numbered(*range(12)))
        assert gathering.pictures_per_s == pytest.approx((0.8 * 4 + 12) / (0.8 * 2 + 1))

    asyncio.run(run())
