"""The server's memory over time."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import quantiles

from tests.abuse import processes
from tests.live_server import Server

_SAMPLES = 600  # in all: an hour has one every 6 s
_LEAST_INTERVAL_S = 0.5


@dataclass(frozen=True)
class Sample:
    """Seconds since the start; bytes of all processes, as `processes.memory_bytes` has them, and of
    each role its part of `anonymous`.
    """

    at_s: float
    rss: int
    anonymous: int
    anonymous_of: dict[str, int] = field(default_factory=dict)


async def sample(server: Server, seconds: float) -> list[Sample]:
    """Look at the server's memory for so long."""
    start = time.monotonic()
    samples = []
    while (at_s := time.monotonic() - start) < seconds:
        rss, parts = await asyncio.to_thread(processes.memory_bytes, server)
        samples.append(Sample(at_s, rss, sum(parts.values()), parts))
        await asyncio.sleep(max(_LEAST_INTERVAL_S, seconds / _SAMPLES))
    return samples


def growth(samples: Sequence[Sample], *, warm_up_s: float) -> float:
    """What memory comes back to in the last tenth of the time, over the first after warm-up.

    Returns:
        their ratio less one, of the lowest deciles of anonymous memory. A picture of 64 megapixels
        takes hundreds of MB for a second, and how many samples meet one is chance: medians of
        tenths lay 12 % apart in an hour in which the deciles stayed within 5 %, at random. What
        leaks raises both.
    """
    warm = [sample.anonymous for sample in samples if sample.at_s >= warm_up_s]
    tenth = max(2, len(warm) // 10)
    parts = warm[:tenth], warm[-tenth:]
    first, last = (quantiles(part, n=10, method="inclusive")[0] for part in parts)
    return last / first - 1
