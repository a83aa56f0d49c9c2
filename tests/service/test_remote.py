"""service.remote: the way to the network, when it is bumpy."""

import asyncio

import numpy as np
import pytest
from aiohttp import ServerDisconnectedError
from bentoml.exceptions import ServiceUnavailable

from service.problems import Problem
from service.remote import CHUNK, TRIES, Remote
from service.row import WIDTH


def numbered(n: int) -> np.ndarray:
    """(n, 1, 1, 3) pictures of which each holds its own number."""
    return np.repeat(np.arange(n, dtype=np.uint8), 3).reshape(n, 1, 1, 3)


class Network:
    """Answers each picture with its number, after failing so many times."""

    def __init__(self, failures: int = 0, error: Exception | None = None) -> None:
        self.failures = failures
        self.error = error or ServerDisconnectedError()
        self.sizes: list[int] = []

    async def __call__(self, pixels: np.ndarray) -> np.ndarray:
        if self.failures:
            self.failures -= 1
            raise self.error
        self.sizes.append(len(pixels))
        return np.repeat(pixels[:, 0, 0, :1], WIDTH, axis=1).astype(np.float32)


def score(network: Network, n: int) -> np.ndarray:
    async def run() -> np.ndarray:
        return await Remote(network)(numbered(n))

    return asyncio.run(run())


@pytest.mark.parametrize("n", [1, CHUNK, CHUNK + 1, 64])
def test_rows_come_back_in_order_from_calls_of_at_most_a_chunk(n: int) -> None:
    network = Network()
    assert score(network, n)[:, 0].tolist() == list(range(n))
    assert max(network.sizes) <= CHUNK


def test_broken_connection_is_tried_again() -> None:
    assert score(Network(failures=TRIES - 1), 1).shape == (1, WIDTH)


def test_connection_that_stays_broken_is_503() -> None:
    with pytest.raises(Problem, match="The network is busy"):
        score(Network(failures=TRIES), 1)


def test_overload_is_503_at_once() -> None:
    network = Network(failures=1, error=ServiceUnavailable("overloaded"))
    with pytest.raises(Problem, match="The network is busy"):
        score(network, 1)


def test_bug_in_the_network_is_not_hidden_as_overload() -> None:
    with pytest.raises(ValueError, match="pixels must be"):
        score(Network(failures=1, error=ValueError("pixels must be uint8")), 1)


def test_missing_row_is_never_answered() -> None:
    async def short(pixels: np.ndarray) -> np.ndarray:
        return np.zeros((len(pixels) - 1, WIDTH), np.float32)

    async def run() -> np.ndarray:
        return await Remote(short)(numbered(3))

    with pytest.raises(RuntimeError, match="3 pictures went in"):
        asyncio.run(run())
