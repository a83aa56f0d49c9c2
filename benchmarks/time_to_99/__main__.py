"""Seconds from nothing to a model that is right on 99 % of photographs: ours, and fastai's.

python -m benchmarks.time_to_99 PHOTOGRAPHS [--promote] [--pictures N] [--out FILE.json]

PHOTOGRAPHS as for `make train`. In one run, one after the other on the same cores: ours,
fastai's `fine_tune(1)`, ours again. Both learn from the same training part and the same
ImageNet weights, and are judged, outside the time, on the same test part.

Ours begins with an empty cache and ends with stage one's checkpoint: imports, the scan of the
pictures, the download of the weights, features, head. fastai's time is its imports and its
training; it is given the weights and the list of pictures, and pays for no validation. It is
installed (6 GB, not timed) into a virtual environment under the cache.
"""

import argparse
import json
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import environment, machine, record
from benchmarks.errors import BenchmarkError
from benchmarks.time_to_99 import fastai_side, our_side
from data.errors import DataError
from data.manifest import Manifest
from data.picture import TEST, TRAIN
from data.source import resolve
from service.artifact import ALL_LABELS
from training import weights
from training.errors import TrainingError

RESULT = Path(__file__).parent.parent / "results" / "training.json"
CONFIG = Path("training/configs/default.yaml")
GOAL = 0.99

Figures = dict[str, object]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and write; 1 if ours did not reach the goal, or something the user can mend."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.time_to_99", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("photographs")
    parser.add_argument("--promote", action="store_true", help="time `make train` to its end too")
    parser.add_argument("--pictures", type=int, metavar="N", help="of each label, for a trial")
    parser.add_argument("--out", type=Path, default=RESULT, help="(default: %(default)s)")
    options = parser.parse_args(arguments)
    try:
        with TemporaryDirectory(prefix="time-to-99-") as folder:
            source = _source(options.photographs, options.pictures, Path(folder))
            found = measure(source, Path(folder), options.out, promote=options.promote)
    except (BenchmarkError, DataError, TrainingError) as exc:
        print(f"Error: {exc}", file=sys.stderr)
        return 1
    print(json.dumps(found, indent=2))
    return 0 if found["reached"] else 1


def measure(source: Path, work: Path, out: Path, *, promote: bool) -> Figures:
    """Ours, fastai's, ours; what is known so far is kept beside `out`, with `.partial` after it.

    Args:
        source: folder of labelled pictures.
        work: an empty folder, for caches and runs.
        promote: let the last run of ours go on until its model is in service.
    """
    python = environment.python_of("fastai", fastai_side.REQUIREMENTS)
    figures: Figures = {"machine": machine.description(), "goal": GOAL}
    first = our_side.time_to_first_model(source, CONFIG, work / "first")
    _keep(figures, out, ours=[first.figures()])
    manifest = Manifest.load(first.manifest)
    start = weights.load("resnet50", "auto")
    theirs = fastai_side.fine_tune(start, manifest, work / "fastai", python)
    _keep(figures, out, fastai=theirs.figures())
    second = our_side.time_to_first_model(source, CONFIG, work / "second", promote=promote)
    runs = [first, second]
    time_to_99_s = statistics.mean(run.seconds for run in runs)
    _keep(
        figures,
        out,
        ours=[run.figures() for run in runs],
        pictures={part: len(manifest.part(part)) for part in (TRAIN, TEST)},
        digest=manifest.digest,
        weights=start.origin,
        reached=all(run.accuracy.value >= GOAL for run in runs),
        accuracy=first.accuracy.model_dump(),
        time_to_99_s=round(time_to_99_s, 1),
        time_to_promoted_s=second.promoted_s,
        fastai_accuracy=theirs.accuracy.model_dump(),
        fastai_s=round(theirs.seconds, 1),
        ratio=round(theirs.seconds / time_to_99_s, 2),
    )
    record.finish(out)
    return figures


def _keep(figures: Figures, out: Path, **more: object) -> None:
    figures.update(more)
    record.keep_partial(out, figures)


def _source(photographs: str, pictures: int | None, work: Path) -> Path:
    """The user's folder, or links to the first `pictures` of each label."""
    candidates = resolve(photographs).candidates
    if pictures is None:
        return Path(photographs).expanduser().resolve()
    for label in ALL_LABELS:
        chosen = [c.path for c in candidates if c.label == label][:pictures]
        for i, path in enumerate(chosen):
            link = work / "pictures" / label / f"{i}{path.suffix}"
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(path)
    return work / "pictures"


if __name__ == "__main__":
    sys.exit(main())
