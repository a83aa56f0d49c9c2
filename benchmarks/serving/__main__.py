"""`make bench`: requests a second, p50 and p99 of this service, beside its ceiling and others.

python -m benchmarks.serving [--photographs SOURCE] [--model TAG] [--only ours,engine]
    [--concurrency 1,32] [--seconds 10] [--warm-up 5] [--rounds 2] [--out FILE.json]

On the same cores, one after the other, each in processes of its own, and asked about the same
photographs by the same client (wrk), which shares those cores:

  ours                   `bentoml serve`, with the promoted model
  engine                 our engine in a loop, without HTTP or decoding: the ceiling
  litserve_torch         LitServe, torchvision's ResNet-50 in fp32
  litserve_same_engine   LitServe, our graph in our precision, with Pillow as people use it
  litserve_same_decoder  LitServe, our graph in our precision, with our decoder
  fastapi_torch          FastAPI, torchvision's ResNet-50 in fp32

Every server's answers are checked before it is timed. LitServe first tries one worker and one a
core at 32 connections, and keeps what was faster there for all loads. The rounds take turns, and
medians are reported: as a Markdown table, and with all rounds in benchmarks/results/serving.json.
What others need is installed into a virtual environment under the cache (6 GB, not timed).
"""

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks import environment, machine, record
from benchmarks.arguments import positives, some_of
from benchmarks.errors import BenchmarkError
from benchmarks.serving import contestants, figures, load, photographs
from benchmarks.serving.contestants import CONTESTANTS, ENGINE, THEIRS, WITH_WORKERS
from benchmarks.serving.figures import Batches, Loads
from benchmarks.serving.measurement import Course
from benchmarks.serving.table import markdown
from data.errors import DataError
from scoring.arguments import positive
from service import store
from service.artifact import ArtifactError
from service.store import StoreError

RESULT = Path(__file__).parent.parent / "results" / "serving.json"
REQUIREMENTS = Path(__file__).with_name("contestants.txt")
VERSIONED = ("fastapi", "litserve", "openvino", "pillow", "torch", "torchvision", "uvicorn")

Kept = dict[str, Any]  # what becomes the JSON


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, write; 1 for what the user can mend."""
    options = _parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # servers go too
    try:
        with TemporaryDirectory(prefix="serving-") as work:
            course, figures_so_far = _prepare(options, Path(work))
            found = measure(course, options.only, options.rounds, figures_so_far, options.out)
    except (BenchmarkError, DataError, StoreError, ArtifactError) as exc:
        print(f"Error: {exc}", file=sys.stderr)
        return 1
    print(markdown(found["contestants"], found["ratios_at_32"], course.concurrency))
    print(f"== Kept in {options.out}")
    return 0


def measure(course: Course, names: Sequence[str], rounds: int, about: Kept, out: Path) -> Kept:
    """All contestants in turn, so often; what is known so far is kept beside `out`.

    Args:
        about: what the figures were measured on, and how.
    Raises:
        BenchmarkError: a contestant could not take its turn.
    """
    servers: dict[str, list[Loads]] = {}
    engine: list[Batches] = []
    found = about
    workers: dict[str, int] = {}
    for name in names:
        if name in WITH_WORKERS:
            print(f"== Which number of workers is best for {name}", flush=True)
            workers[name] = course.best_workers(name)
    for turn in range(1, rounds + 1):
        for name in names:
            print(f"== Round {turn} of {rounds}: {name}", flush=True)
            if name == ENGINE:
                engine.append(course.engine())
            else:
                servers.setdefault(name, []).append(course.server(name, workers.get(name, 1)))
            measured = {n: figures.of_server(loads) for n, loads in servers.items()}
            if engine:
                measured[ENGINE] = figures.of_engine(engine)
            for n in workers.keys() & measured.keys():
                measured[n]["workers"] = workers[n]
            in_order = {n: measured[n] for n in CONTESTANTS if n in measured}
            ratios = figures.ratios(in_order)
            found = {**about, "contestants": in_order, "ratios_at_32": ratios}
            record.keep_partial(out, found)
    record.finish(out)
    return found


def _prepare(options: argparse.Namespace, work: Path) -> tuple[Course, Kept]:
    """What is measured, and what is written about it."""
    wrk = load.version()
    model = contestants.promoted(options.model)
    python, theirs = Path(sys.executable), {}
    if set(options.only) & set(THEIRS):
        python = environment.python_of("serving", REQUIREMENTS)
        theirs = environment.versions(python, VERSIONED)
    chosen = photographs.spread(options.photographs)
    course = Course(
        model=model,
        photographs=chosen,
        concurrency=options.concurrency,
        seconds=options.seconds,
        warm_up_seconds=options.warm_up,
        work=work,
        python=python,
    )
    about: Kept = {
        "machine": machine.description(),
        "versions": {"wrk": wrk, "contestants": theirs},
        "model": model.tag,
        "precision": model.precision,
        "settings": {
            "seconds": options.seconds,
            "warm_up_seconds": options.warm_up,
            "rounds": options.rounds,
            "concurrency": options.concurrency,
        },
        "photographs": chosen.figures(),
    }
    print(f"== {model.tag} in {model.precision}, asked about {about['photographs']}", flush=True)
    return course, about


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.serving", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--photographs", default="starter", help="as for make train (%(default)s)")
    parser.add_argument("--model", default=store.LATEST, help="tag (%(default)s)")
    names = some_of(CONTESTANTS)
    parser.add_argument("--only", type=names, default=CONTESTANTS, help="of those above")
    parser.add_argument("--concurrency", type=positives, default=(1, 8, 32, 128), metavar="N,N")
    parser.add_argument("--seconds", type=positive, default=10, help="of each load (%(default)s)")
    parser.add_argument("--warm-up", type=positive, default=5, help="seconds (%(default)s)")
    parser.add_argument("--rounds", type=positive, default=2, help="(%(default)s)")
    parser.add_argument("--out", type=Path, default=RESULT, help="(%(default)s)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
