"""`make bench-image`: the service in its container beside the same outside, on the same cores.

python -m benchmarks.container [--photographs SOURCE] [--model TAG] [--engine podman]
    [--connections 4] [--seconds 15] [--rounds 4] [--out FILE.json]

Both are up all the time, and only one of them is loaded, in turns; which one begins changes from
round to round. So whatever else the machine does falls on both. The container has no limits of its
own, and this machine's network. Kept in benchmarks/results/container.json.
"""

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

from benchmarks import machine, record
from benchmarks.errors import BenchmarkError
from benchmarks.serving import contestants, load, photographs, server
from benchmarks.serving.contestants import OURS, Model
from data.errors import DataError
from deploy.image import engine
from deploy.image.errors import ImageError
from service import store
from service.artifact import ArtifactError
from service.store import StoreError

RESULT = Path(__file__).parent / "results" / "container.json"
WARM_UP_CONNECTIONS, WARM_UP_S = 8, 5
INSIDE, OUTSIDE = "inside", "outside"

Command = Callable[[int], list[str]]  # port -> what serves there


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, write; 1 for what the user can mend."""
    options = _parser().parse_args(arguments)
    try:
        model = contestants.promoted(options.model)
        runner = engine.found(options.engine, among=engine.RUNNERS)
        asked = photographs.spread(options.photographs)
        about = {
            "machine": machine.description(),
            "model": {"tag": model.tag, "precision": model.precision},
            "engine": runner,
            "client": f"wrk {load.version()}",
            "photographs": asked.figures(),
            "connections": options.connections,
            "seconds_each": options.seconds,
        }
        with TemporaryDirectory(prefix="container-") as work:
            listed = asked.listed_in(Path(work))
            commands = {
                OUTSIDE: lambda port: contestants.server_command(OURS, port, model, Path(), 1),
                INSIDE: lambda port: _container(runner, model.tag, port),
            }
            found = about | _measure(commands, model, asked.paths[0], listed, options)
    except (BenchmarkError, DataError, ImageError, StoreError, ArtifactError) as exc:
        print(f"Error: {exc}", file=sys.stderr)
        return 1
    record.write(options.out, found)
    print(f"== Inside {found['ratio']:.1%} of outside. Kept in {options.out}")
    return 0


def _container(runner: str, image: str, port: int) -> list[str]:
    """How it is started, in the foreground: signals reach the container."""
    where = ("--env", "BENTOML_HOST=127.0.0.1", "--env", f"BENTOML_PORT={port}")
    return [runner, "run", "--rm", *engine.HARDENED, "--network", "host", *where, image]


def _measure(
    commands: Mapping[str, Command],
    model: Model,
    first: Path,
    listed: Path,
    options: argparse.Namespace,
) -> dict[str, Any]:
    """Start both, load them in turns.

    Raises:
        BenchmarkError: one does not start, or failed under load.
    """
    ports, start_s = {}, {}
    speeds: dict[str, list[float]] = {name: [] for name in commands}
    with ExitStack() as servers:
        for name, command in commands.items():
            ports[name], start_s[name] = servers.enter_context(
                _running(name, command, model, first, listed.parent)
            )
            print(f"== {name}: answers {start_s[name]:.1f} s after its start", flush=True)
            # Until it has seen how fast its network is, it refuses what it might not manage.
            load.drive(ports[name], WARM_UP_CONNECTIONS, WARM_UP_S, listed)
        for turn in range(options.rounds):
            for name in sorted(commands, reverse=turn % 2 == 0):
                loaded = load.drive(ports[name], options.connections, options.seconds, listed)
                server.ask(ports[name], first.read_bytes())  # what wrk left is done by then
                if loaded.errors:
                    raise BenchmarkError(f"{name} failed under load: {loaded.errors}")
                speeds[name].append(loaded.requests_per_s)
                print(f"   {name}: {loaded.requests_per_s:.2f} requests a second", flush=True)
    return {
        "first_answer_s": {name: round(seconds, 1) for name, seconds in start_s.items()},
        "requests_per_s": speeds,
        "ratio": round(median(speeds[INSIDE]) / median(speeds[OUTSIDE]), 4),
    }


@contextmanager
def _running(
    name: str, command: Command, model: Model, first: Path, work: Path
) -> Iterator[tuple[int, float]]:
    """One of them, answering: its port, and the seconds from its start to its first answer."""
    port = server.free_port()
    started_s = perf_counter()
    with server.running(
        command(port),
        port,
        first.read_bytes(),
        contestants.environment(model),
        work / f"{name}.log",
    ):
        yield port, perf_counter() - started_s


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.container", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--photographs", default="starter", help="as DATA of make train")
    parser.add_argument("--model", default=store.LATEST)
    parser.add_argument("--engine", default="")
    parser.add_argument("--connections", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=15)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--out", type=Path, default=RESULT)
    return parser


if __name__ == "__main__":
    sys.exit(main())
