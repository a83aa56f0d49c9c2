"""`make bench-train`: pictures a second of training, beside the ceiling that the network sets.

python -m benchmarks.training_speed [--source starter|FOLDER] [--pictures N] [--out FILE.json]

With the classes and the settings that `make train` uses, on the GPU where there is one: features
(stage one), fine-tuning (stage two), each with pictures from disk and with batches that lie in
memory, and the loader alone. They take turns; after one round that is not counted the medians of
three are printed, and kept in benchmarks/results/training_speed.json, or training_speed_gpu.json.
"""

import argparse
import statistics
import sys
from collections.abc import Sequence
from itertools import cycle, islice
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from tqdm import tqdm

from benchmarks import machine, record
from benchmarks.training_stages import Stages
from data.errors import DataError
from data.manifest import Manifest, build
from data.picture import TRAIN
from data.source import resolve
from data.thinning import evenly
from training.errors import TrainingError

RESULTS = Path(__file__).parent / "results"
KEPT = {"cpu": RESULTS / "training_speed.json", "cuda": RESULTS / "training_speed_gpu.json"}
CONFIG = Path("training/configs/default.yaml")
ROUNDS = 3
PICTURES = {"cpu": 128, "cuda": 16384}  # a measurement; about a minute a round on two cores
RATIOS = (
    ("stage two", "stage two, in memory"),
    ("stage one", "stage one, in memory"),
    ("loader alone", "stage two"),
)

Speeds = dict[str, list[float]]  # what was measured -> pictures a second, in each round


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, write; 1 for what the user can mend."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    parser = argparse.ArgumentParser(prog="python -m benchmarks.training_speed")
    parser.description = __doc__
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--source", default="starter", help="as for make train (%(default)s)")
    parser.add_argument("--config", type=Path, default=CONFIG, help="(default: %(default)s)")
    parser.add_argument(
        "--pictures",
        type=int,
        default=PICTURES[device.type],
        metavar="N",
        help="of each measurement, which is one epoch; where the training part has fewer, "
        "they come more than once (default here: %(default)s)",
    )
    parser.add_argument(
        "--out", type=Path, default=KEPT[device.type], help="(default here: %(default)s)"
    )
    options = parser.parse_args(arguments)
    if options.pictures < 1:
        parser.error(f"--pictures is {options.pictures}; it must be at least 1")
    try:
        source = resolve(options.source)
        manifest = build(source)
        with TemporaryDirectory() as folder:
            path = Path(folder) / "manifest.csv"
            distinct = evenly(manifest.part(TRAIN), options.pictures)
            Manifest(tuple(islice(cycle(distinct), options.pictures))).save(path)
            stages = Stages(options.config, path, device)
            speeds = measure(stages)
    except (DataError, TrainingError) as exc:
        print(f"Error: {exc}", file=sys.stderr)
        return 1
    figures = summary(speeds) | {
        "device": device.type,
        "precision": stages.precision,
        "batch_size": stages.batch_size,
        "workers": stages.data.workers,
        "source": Path(source.name).name,  # where it lies is nobody's business
        "pictures": options.pictures,
        "distinct": len(distinct),
        "rounds": ROUNDS,
        "machine": machine.description(),
    }
    print(table(figures))
    record.write(options.out, figures)
    return 0


def measure(stages: Stages) -> Speeds:
    """Everything in turns, so that a busy minute of the machine falls on all alike."""
    speeds: Speeds = {name: [] for name in stages.measurements}
    turns = [(r, name) for r in range(ROUNDS + 1) for name in stages.measurements]
    with tqdm(turns, unit="", disable=None) as progress:
        for turn, name in progress:
            progress.set_description(f"round {turn} of {ROUNDS}: {name}" if turn else "warm-up")
            pictures_per_s = stages.measurements[name]()
            if turn:
                speeds[name].append(pictures_per_s)
    return speeds


def summary(speeds: Speeds) -> dict[str, object]:
    """Medians, what they were taken of, and their ratios."""
    medians = {name: statistics.median(found) for name, found in speeds.items()}
    return {
        "pictures_per_s": {name: round(median, 2) for name, median in medians.items()},
        "each_round": {name: [round(x, 2) for x in found] for name, found in speeds.items()},
        "ratios": {f"{a} / {b}": round(medians[a] / medians[b], 3) for a, b in RATIOS},
    }


def table(figures: dict[str, object]) -> str:
    """For people."""
    speeds, ratios = figures["pictures_per_s"], figures["ratios"]
    assert isinstance(speeds, dict)
    assert isinstance(ratios, dict)
    lines = [
        f"{figures['pictures']} pictures, {figures['distinct']} of them distinct, of "
        f"{figures['source']} on the {figures['device']}, "
        f"{figures['precision']}, batches of {figures['batch_size']}, "
        f"{figures['workers']} to load them, median of {ROUNDS} rounds",
        "",
        *(f"{name:<24}{speed:>10.1f} pictures a second" for name, speed in speeds.items()),
        "",
        *(f"{name:<36}{ratio:>8.1%}" for name, ratio in ratios.items()),
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
