"""One contestant's turn: started, asked, loaded, stopped."""

import json
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.errors import BenchmarkError
from benchmarks.serving import answers, contestants, load, server
from benchmarks.serving.contestants import OUR_ANSWERS, Model
from benchmarks.serving.figures import Batches, Loads
from benchmarks.serving.load import Load
from benchmarks.serving.photographs import Photographs
from service.cores import usable_cores

WARM_UP_CONNECTIONS = 32
ANSWERS_EACH = 3  # of every connection, at least: fewer say little of what waiting is like
MOST_SECONDS = 60  # however slow a server is, unless more were asked for


@dataclass(frozen=True)
class Course:
    """What every contestant goes through.

    seconds: of each load, and of each batch size of the engine.
    work: a folder for logs and lists.
    python: of the environment of those that are not ours.
    """

    model: Model
    photographs: Photographs
    concurrency: Sequence[int]
    seconds: float
    warm_up_seconds: float
    work: Path
    python: Path

    def server(self, name: str, workers: int = 1) -> Loads:
        """Start a server, see that its answers are answers, and load it.

        Raises:
            BenchmarkError: it did not start, or gives wrong answers.
        """
        loads: Loads = {}
        with self._running(name, workers) as (port, requests_per_s):
            for connections in self.concurrency:
                seconds = long_enough(connections, requests_per_s, self.seconds)
                loads[connections] = self._drive(port, connections, seconds)
                requests_per_s = loads[connections].requests_per_s
                print(f"   {_sentence(connections, loads[connections])}", flush=True)
        return loads

    def best_workers(self, name: str) -> int:
        """One with all cores, or one a core: whichever is faster at `WARM_UP_CONNECTIONS`."""
        speeds = {}
        for workers in sorted({1, usable_cores()}):
            with self._running(name, workers) as (port, requests_per_s):
                seconds = long_enough(WARM_UP_CONNECTIONS, requests_per_s, self.seconds)
                loaded = self._drive(port, WARM_UP_CONNECTIONS, seconds)
            speeds[workers] = loaded.requests_per_s
            print(f"   {workers} workers: {_sentence(WARM_UP_CONNECTIONS, loaded)}", flush=True)
        return max(speeds, key=speeds.__getitem__)

    @contextmanager
    def _running(self, name: str, workers: int) -> Iterator[tuple[int, float]]:
        """A server that answers rightly and is warm: its port, and requests a second so far."""
        port = server.free_port()
        command = contestants.server_command(name, port, self.model, self.python, workers)
        environment = contestants.environment(self.model)
        few = self.photographs.few(answers.FEW)
        expected = []
        if name in OUR_ANSWERS:
            expected = answers.without_server(self.model.tag, few, environment)
        log = self.work / f"{name}.log"
        with server.running(command, port, few[0].read_bytes(), environment, log):
            answers.check(name, port, few, expected)
            warm_up = self._drive(port, WARM_UP_CONNECTIONS, self.warm_up_seconds)
            yield port, warm_up.requests_per_s

    def _drive(self, port: int, connections: int, seconds: float) -> Load:
        """Load a server, and wait until what wrk left unanswered at its end is done."""
        loaded = load.drive(port, connections, seconds, self.photographs.listed_in(self.work))
        server.ask(port, self.photographs.paths[0].read_bytes())
        return loaded

    def engine(self) -> Batches:
        """Run the engine alone.

        Raises:
            BenchmarkError: it failed.
        """
        listed = self.photographs.listed_in(self.work)
        done = subprocess.run(
            contestants.engine_command(self.model, listed, self.seconds),
            cwd=server.REPOSITORY,
            env=contestants.environment(self.model),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise BenchmarkError(f"The engine failed: {done.stderr.strip()[-2000:]}")
        found = {int(size): speed for size, speed in json.loads(done.stdout).items()}
        print(f"   pictures a second by batch size: {found}", flush=True)
        return found


def long_enough(connections: int, requests_per_s: float, least_seconds: float) -> float:
    """Seconds in which a slow server, too, answers every connection `ANSWERS_EACH` times.

    Args:
        requests_per_s: of the load before.
    """
    needed = ANSWERS_EACH * connections / requests_per_s if requests_per_s else MOST_SECONDS
    return max(least_seconds, min(MOST_SECONDS, needed))


def _sentence(connections: int, loaded: Load) -> str:
    return (
        f"{connections} at once: {loaded.requests_per_s:.1f} requests a second, "
        f"p50 {loaded.p50_ms:.0f} ms, p99 {loaded.p99_ms:.0f} ms, errors {loaded.errors or 'none'}"
    )
