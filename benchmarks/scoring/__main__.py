"""`make bench-score`: scoring beside its engine alone, on two nodes beside one, and its memory.

python -m benchmarks.scoring [--photographs SOURCE] [--model TAG] [--only engine,nodes,loss,memory]
    [--pictures N] [--rows 1000000] [--rounds 3] [--out FILE.json]

  engine   `python -m scoring` on this machine, beside the engine in a loop on pictures that are
           decoded already, in turns
  nodes    the same job on a Ray cluster of two nodes with a core each, beside one such node, in
           turns
  loss     the same job on two such nodes, of which one is killed: every picture once?
  memory   of the process that the user starts, over so many rows

Each replaces its own part of benchmarks/results/scoring.json.
"""

import argparse
import json
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tqdm import tqdm

from benchmarks import machine, record
from benchmarks.arguments import some_of
from benchmarks.errors import BenchmarkError
from benchmarks.scoring import jobs, loss, memory, nodes
from benchmarks.serving import contestants, photographs
from benchmarks.serving.contestants import Model
from benchmarks.serving.photographs import Photographs
from data.errors import DataError
from service import store
from service.artifact import ArtifactError
from service.store import StoreError

RESULT = Path(__file__).parent.parent / "results" / "scoring.json"
ENGINE, NODES, LOSS, MEMORY = PARTS = "engine", "nodes", "loss", "memory"
# Of each job, unless others are asked for. Beside the engine alone more, since one model starts to
# score while the other is loaded still.
PICTURES = {ENGINE: 12_000, NODES: 4_000, LOSS: 4_000}
DIFFERENT = 400  # photographs; more of them are the same ones again
TRIAL_S = 10  # of each batch size
ENGINE_S = 60  # of the fastest

Measure = Callable[[], dict[str, float]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, write; 1 for what the user can mend."""
    options = _parser().parse_args(arguments)
    try:
        with TemporaryDirectory(prefix="scoring-") as work:
            for part, figures in _measured(options, Path(work)):
                kept = json.loads(options.out.read_text()) if options.out.is_file() else {}
                record.write(options.out, kept | {part: figures})
                print(json.dumps({part: figures}, indent=2), flush=True)
    except (BenchmarkError, DataError, StoreError, ArtifactError) as exc:
        print(f"Error: {exc}", file=sys.stderr)
        return 1
    return 0


def _measured(options: argparse.Namespace, work: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Name and figures of each part, as soon as it is measured."""
    if parts := [part for part in PICTURES if part in options.only]:
        model = contestants.promoted(options.model)
        chosen = photographs.spread(options.photographs, DIFFERENT)
    for part in parts:
        count = options.pictures or PICTURES[part]
        source = jobs.listed(chosen.paths, count, work / "list.txt")
        about = {
            "machine": machine.description(),
            "model": {"tag": model.tag, "precision": model.precision},
            "photographs": chosen.figures(),
            "pictures": count,
        }
        yield part, about | _jobs(part, options.rounds, model, chosen, source, work)
    if MEMORY in options.only:
        measured = memory.measured(options.rows, work)
        yield MEMORY, {"machine": machine.description(), **measured}


def _jobs(
    part: str, rounds: int, model: Model, chosen: Photographs, source: Path, work: Path
) -> dict[str, Any]:
    """The figures of a part that scores photographs."""
    job = ("--model", model.tag)
    if part == LOSS:
        return loss.survived(source, work, *job)
    if part == NODES:
        nodes_of = {
            "one": lambda: _on_nodes(1, source, work, *job),
            "two": lambda: _on_nodes(2, source, work, *job),
        }
        return _in_turns(nodes_of, rounds, "two", "one")
    beside = {
        "engine": lambda: _engine(model, chosen, work),
        "job": lambda: _speeds(source, work, *job),
    }
    return _in_turns(beside, rounds, "job", "engine")


def _in_turns(measures: dict[str, Measure], rounds: int, above: str, below: str) -> dict[str, Any]:
    """Pictures a second of each, its rounds, and how one compares with the other."""
    speeds: dict[str, list[dict[str, float]]] = {name: [] for name in measures}
    turns = [(turn, name) for turn in range(1, rounds + 1) for name in measures]
    for turn, name in tqdm(turns, unit="", disable=None):
        print(f"== Round {turn} of {rounds}: {name}", file=sys.stderr, flush=True)
        speeds[name].append(measures[name]())
    pairs = list(zip(speeds[above], speeds[below], strict=True))
    ratios = {
        kind: round(statistics.median(over[kind] / under[kind] for over, under in pairs), 3)
        for kind in ("whole", "running")
    }
    return {"rounds": speeds, f"{above} / {below}": ratios}


def _engine(model: Model, chosen: Photographs, work: Path) -> dict[str, float]:
    """The fastest batch size's pictures a second.

    Measured again, and for longer: the highest of several noisy figures is too high.
    """
    listed = chosen.listed_in(work)

    def speeds(seconds: float, *sizes: int) -> dict[str, float]:
        command = contestants.engine_command(model, listed, seconds, *sizes)
        found: dict[str, float] = json.loads(subprocess.check_output(command, text=True))
        return found

    tried = speeds(TRIAL_S)
    (speed,) = speeds(ENGINE_S, int(max(tried, key=tried.__getitem__))).values()
    return {"whole": speed, "running": speed}


def _speeds(source: Path, work: Path, *options: str, **variables: str) -> dict[str, float]:
    with TemporaryDirectory(dir=work) as out:
        speed = jobs.timed(source, Path(out) / "out", *options, **variables)
    return {"whole": speed.whole, "running": round(speed.running, 2)}


def _on_nodes(count: int, source: Path, work: Path, *options: str) -> dict[str, float]:
    with nodes.pinned(count) as cluster:
        return _speeds(source, work, *options, RAY_ADDRESS=str(cluster.address))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scoring", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--photographs", default="starter", help="as for make train (%(default)s)")
    parser.add_argument("--model", default=store.LATEST, help="tag (%(default)s)")
    parser.add_argument("--only", type=some_of(PARTS), default=PARTS, help="of those above")
    parser.add_argument("--pictures", type=int, help="of a job (12000 for engine, else 4000)")
    parser.add_argument("--rows", type=int, default=1_000_000, help="for memory (%(default)s)")
    parser.add_argument("--rounds", type=int, default=3, help="(%(default)s)")
    parser.add_argument("--out", type=Path, default=RESULT, help="(%(default)s)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
