"""Ours: `training fit` in places of its own, until its first model lies there."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import torch

from benchmarks.log import tail
from data.manifest import Manifest
from data.picture import TEST
from service.artifact import LABELS, Interval
from training import judging, selection
from training.errors import TrainingError
from training.network import CatDogNet
from training.stage_one import CHECKPOINT

POLL_S = 0.2
DOWNLOAD = ("Fetching resnet", "Fetched")  # what the log says as it begins and ends


@dataclass(frozen=True)
class Ours:
    """One run of ours.

    seconds: from the start of the process to the checkpoint of stage one.
    download_s: of these, those in which the ImageNet weights were fetched; None where the
        log does not say.
    promoted_s: from the start to a promoted model; None where nobody waited for it.
    accuracy: of stage one's checkpoint on the run's own test part.
    """

    manifest: Path
    seconds: float
    download_s: float | None
    promoted_s: float | None
    accuracy: Interval

    def figures(self) -> dict[str, object]:
        """What of this is kept."""
        return {
            "seconds": round(self.seconds, 1),
            "download_s": self.download_s,
            "accuracy": self.accuracy.model_dump(),
        }


def time_to_first_model(source: Path, config: Path, home: Path, *, promote: bool = False) -> Ours:
    """Train with empty caches until stage one has left its checkpoint, and judge that.

    Args:
        home: a folder that is not there yet, for cache, runs and model store.
        promote: let it go on to its end, and release it.
    Raises:
        TrainingError: a command failed.
    """
    home.mkdir(parents=True)
    log = home / "log.txt"
    started_at = time.time()
    process = _start(home, log, "fit", "--config", str(config), "--data.source", str(source))
    try:
        checkpoint, download_s = _first_checkpoint(process, home, log)
        seconds = checkpoint.stat().st_mtime - started_at
        print(f"Stage one's model after {seconds:.1f} s", flush=True)
        if promote:
            _finish(process, log)
            _finish(_start(home, log, "release"), log)
        promoted_s = round(time.time() - started_at, 1) if promote else None
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)  # its loader's workers too
            process.wait()
    manifest = checkpoint.parent.parent / "manifest.csv"
    accuracy = judge(checkpoint, manifest)
    print(f"Right on {accuracy.value:.2%} of {accuracy.n} test pictures", flush=True)
    return Ours(manifest, seconds, download_s, promoted_s, accuracy)


def judge(checkpoint: Path, manifest: Path) -> Interval:
    """Share of the test part's cats and dogs that a checkpoint has right, in fp32."""
    kept = selection.read(checkpoint)
    network = CatDogNet(kept.backbone, kept.stride_in_1x1).eval()
    network.load_state_dict(kept.state)
    rows = Manifest.load(manifest).part(TEST)
    with torch.inference_mode():
        logits = [network(torch.from_numpy(pixels)).logits for pixels in judging.batches(rows)]
    answers = [LABELS[i] for i in torch.cat(logits).argmax(1).tolist()]
    right = sum(a == row.label for a, row in zip(answers, rows, strict=True))
    return judging.interval(right, len(rows))


def _start(home: Path, log: Path, *words: str) -> subprocess.Popen[bytes]:
    print(f"== Ours: python -m training {' '.join(words)}", flush=True)
    with log.open("ab") as output:
        return subprocess.Popen(
            [sys.executable, "-m", "training", *words],
            env=_environment(home),
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def _environment(home: Path) -> dict[str, str]:
    """Nothing cached: not by us, nor by torch, nor by npm."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("CATDOG_", "BENTOML_"))}
    return kept | {
        "CATDOG_CACHE": str(home / "cache"),
        "CATDOG_RUNS": str(home / "runs"),
        "BENTOML_HOME": str(home / "bentoml"),
        "BENTOML_DO_NOT_TRACK": "True",
        "TORCH_HOME": str(home / "torch"),
        "npm_config_cache": str(home / "npm"),
        "PYTHONUNBUFFERED": "1",  # the log is read while it is written
    }


def _first_checkpoint(
    process: subprocess.Popen[bytes], home: Path, log: Path
) -> tuple[Path, float | None]:
    """Wait for stage one's checkpoint; it, and the seconds that the download took."""
    seen: dict[str, float] = {}
    while True:
        text = log.read_text(errors="replace")
        for phrase in DOWNLOAD:
            if phrase in text:
                seen.setdefault(phrase, time.monotonic())
        found = next((home / "runs").glob(f"*/checkpoints/{CHECKPOINT}"), None)
        if found is not None:
            is_known = all(phrase in seen for phrase in DOWNLOAD)
            return found, round(seen[DOWNLOAD[1]] - seen[DOWNLOAD[0]], 1) if is_known else None
        if process.poll() is not None:
            raise TrainingError(f"Training ended before it had a model: {tail(log)}")
        time.sleep(POLL_S)


def _finish(process: subprocess.Popen[bytes], log: Path) -> None:
    if status := process.wait():
        raise TrainingError(f"A command failed with status {status}: {tail(log)}")
