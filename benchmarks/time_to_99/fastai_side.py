"""fastai's: in an environment of its own, given our pictures and our weights."""

import json
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import torch

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


def fine_tune(source: weights.Pretrained, manifest: Manifest, work: Path, python: Path) -> Theirs:
    """Have fastai learn from the training part, then answer for the test part.

    Args:
        source: the ImageNet weights to begin with.
        work: a folder that is not there yet.
        python: of an environment that has fastai.
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
