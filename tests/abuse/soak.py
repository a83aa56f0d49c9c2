"""An hour of mixed traffic: nothing but right answers, and memory that stays flat.

python -m tests.abuse.soak [--minutes 60] [--model catdog:latest]

Without a model it starts a server with the tests' network of known arithmetic, which
answers each of 208 colours with numbers of its own. With one, it serves that promoted
model, and the answer that is due to a picture is what the server said of it at first, when
nobody else asked. The exit status is 1 if an answer was wrong, a service was restarted, or
memory grew by 5 % or more; `runs/soak-.../` then holds the figures and their curve.
"""

import argparse
import asyncio
import os
import sys
import time
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from tqdm import tqdm

from tests.abuse import known_server, memory, processes, soak_report, specimens
from tests.abuse.bombs import BOMBS
from tests.abuse.memory import Sample
from tests.abuse.mutations import mutants
from tests.abuse.traffic import Traffic
from tests.live_server import Server, running

CLIENTS = 8
SLOW_CLIENTS = 4
BURST_EVERY_S = 20.0
PLACES = "64"  # requests worked on at once: few enough for a burst to be too many
WARM_UP = 0.1  # of the time: pools fill, allocators settle
MOST_GROWTH = 0.05


@dataclass(frozen=True)
class Soak:
    """What a soak came to.

    growth: of memory, from the first tenth after warm-up to the last; see `memory.growth`.
    """

    traffic: Traffic
    samples: list[Sample]
    growth: float
    has_restarted: bool


async def soak(
    server: Server, seconds: float, *, is_known: bool = True, with_bombs: bool = True
) -> Soak:
    """Drive traffic for so long.

    Args:
        server: with `PLACES` places.
        seconds: slow clients and bursts begin none after them, but come to their end.
        is_known: it serves `tests.known_network`.
        with_bombs: among the spoiled pictures.
    """
    before = processes.services(server)
    for make in BOMBS.values() if with_bombs else ():
        make()  # now, for it takes seconds, and the clients share one event loop
    # Shorter than the server's own patience, or it closes what we are about to use.
    connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=2)
    timeout = aiohttp.ClientTimeout(total=60)
    async with aiohttp.ClientSession(server.url, connector=connector, timeout=timeout) as http:
        pictures = specimens.known()
        if not is_known:
            pictures = [await specimen.answered_by(http) for specimen in pictures]
        spoiled = mutants(seed=0, with_bombs=with_bombs)
        traffic = Traffic(server.url, http, pictures, spoiled, seed=0)
        end = time.monotonic() + seconds

        async def keep_visiting() -> None:
            while time.monotonic() < end:
                await traffic.visit()

        async def keep_sending_slowly() -> None:
            while time.monotonic() < end:
                await traffic.visit(traffic.slow)

        async def keep_bursting() -> None:
            while time.monotonic() + BURST_EVERY_S < end:
                await asyncio.sleep(BURST_EVERY_S)
                await traffic.visit(traffic.burst)

        sampling = asyncio.create_task(memory.sample(server, seconds))
        await asyncio.gather(
            *(keep_visiting() for _ in range(CLIENTS)),
            *(keep_sending_slowly() for _ in range(SLOW_CLIENTS)),
            keep_bursting(),
            _show_progress(traffic, end),
        )
        samples = await sampling
    has_restarted = processes.services(server) != before
    growth = memory.growth(samples, warm_up_s=WARM_UP * seconds)
    return Soak(traffic, samples, growth, has_restarted)


async def _show_progress(traffic: Traffic, end: float) -> None:
    with tqdm(unit=" visits", disable=None) as bar:
        while time.monotonic() < end:
            await asyncio.sleep(1)
            bar.set_postfix_str(f"{len(traffic.complaints)} complaints", refresh=False)
            bar.update(traffic.visits.total() - bar.n)


def _server(model: str | None, folder: Path) -> AbstractContextManager[Server]:
    if model is None:
        return known_server.running(folder / "server", CATDOG_MAX_IN_FLIGHT=PLACES)
    home = Path(os.environ.get("BENTOML_HOME", ".bentoml"))
    return running(
        home, folder / "server.log", model, CATDOG_MODEL=model, CATDOG_MAX_IN_FLIGHT=PLACES
    )


def main() -> None:
    """Soak a server of our own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--model", help="tag of a promoted model; the known network without")
    options = parser.parse_args()
    runs = Path(os.environ.get("CATDOG_RUNS", "runs"))
    folder = runs / time.strftime("soak-%Y-%m-%d-%H%M%S")
    folder.mkdir(parents=True)
    served = options.model or "the tests' network of known arithmetic"
    print(f"== {options.minutes:g} minutes of mixed traffic to {served}", flush=True)
    with _server(options.model, folder) as server:
        done = asyncio.run(soak(server, options.minutes * 60, is_known=options.model is None))
    soak_report.write(folder, done, served=served, most_growth=MOST_GROWTH)
    is_well = not done.traffic.complaints and not done.has_restarted and done.growth < MOST_GROWTH
    print(f"{'All well' if is_well else 'Not well'}: {folder}/soak.json, {folder}/memory.svg")
    sys.exit(0 if is_well else 1)


if __name__ == "__main__":
    main()
