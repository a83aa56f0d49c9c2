"""fastai's: installed into an environment of its own, given our pictures and our weights."""

import json
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import torch

from data import cache
from data.manifest import Manifest
from data.picture import TEST, TRAIN, Row
from service.artifact import Interval
from training import weights
from training.errors import TrainingError
from training.judging import interval

HERE = Path(__file__).parent
CONTESTANT = HERE / "fastai_contestant.py"
REQUIREMENTS = HERE / "fastai.txt"
BATCH_SIZE = 32
SEED = 1


@dataclass(frozen=True)
class Theirs:
    """fastai's run: seconds from the start of its process to the end of `fine_tune(1)`."""

    seconds: float
    accuracy: Interval
    versions: dict[str, str]

    def figures(self) -> dict[str, object]:
        """What of this is kept."""
        return {
            "seconds": round(self.seconds, 1),
            "accuracy": self.accuracy.model_dump(),
            "versions": self.versions,
        }


def install() -> Path:
    """The Python of an environment with fastai: made once under the cache, not timed.

    Raises:
        TrainingError: it cannot be installed.
    """
    place = cache.place("fastai-venv")
    python = place / "bin" / "python"
    whole = place / "installed.txt"  # what it was made from; written last
    wanted = REQUIREMENTS.read_text()
    if whole.is_file() and whole.read_text() == wanted:
        return python
    print(f"== Installing fastai into {place} (6 GB, some minutes)", flush=True)
    shutil.rmtree(place, ignore_errors=True)
    install = [str(python), "-m", "pip", "install", "--quiet", "--require-hashes", "-r"]
    try:
        subprocess.run([sys.executable, "-m", "venv", str(place)], check=True)
        subprocess.run([*install, str(REQUIREMENTS)], check=True)
    except (OSError, subprocess.CalledProcessError) as exc:
        raise TrainingError(
            f"fastai cannot be installed into {place}: {exc}. pip says why above; see that the "
            "package registry can be reached and that 7 GB are free, and try again."
        ) from exc
    whole.write_text(wanted)
    return python


def fine_tune(source: weights.Pretrained, manifest: Manifest, work: Path, python: Path) -> Theirs:
    """Have fastai learn from the training part, then answer for the test part.

    Args:
        source: the ImageNet weights to begin with.
        work: a folder that is not there yet.
        python: from `install`.
    Raises:
        TrainingError: it failed.
    """
    work.mkdir(parents=True)
    train, test = manifest.part(TRAIN), manifest.part(TEST)
    torch.save(source.state, work / "weights.pt")
    job = {
        "train": _listed(train),
        "test": _listed(test),
        "stride_in_1x1": source.stride_in_1x1,
        "batch_size": BATCH_SIZE,
        "seed": SEED,
    }
    (work / "job.json").write_text(json.dumps(job))
    print(f"== fastai: fine_tune(1) on {len(train)} pictures", flush=True)
    started_at = time.time()
    try:
        subprocess.run([str(python), str(CONTESTANT), str(work)], check=True)
        answers = json.loads((work / "answers.json").read_text())
    except (OSError, subprocess.CalledProcessError) as exc:
        raise TrainingError(f"fastai did not get to its end: {exc}. It says why above.") from exc
    seconds = answers["trained_at"] - started_at
    right = sum(a == row.label for a, row in zip(answers["labels"], test, strict=True))
    accuracy = interval(right, len(test))
    print(f"fastai after {seconds:.1f} s: right on {accuracy.value:.2%} of {len(test)}", flush=True)
    return Theirs(seconds, accuracy, answers["versions"])


def _listed(rows: tuple[Row, ...]) -> list[tuple[str, str]]:
    return [(str(row.path), row.label) for row in rows]
