"""One job, run as a user runs it, and how fast it was."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from itertools import cycle, islice
from pathlib import Path
from typing import NamedTuple

import pyarrow.parquet as pq

from benchmarks.errors import BenchmarkError


class Speed(NamedTuple):
    """Of one job, in pictures a second.

    whole: with the start of its actors and the loading of models; without Ray's start.
    running: from the first finished part to the last.
    """

    whole: float
    running: float


def listed(paths: Sequence[Path], count: int, file: Path) -> Path:
    """A list of so many pictures, the same ones again where there are fewer."""
    with file.open("w") as lines:
        lines.writelines(f"{path}\n" for path in islice(cycle(paths), count))
    return file


def command(source: Path, out: Path, *options: str) -> list[str]:
    """What starts a job."""
    return [sys.executable, "-m", "scoring", "--json", *options, str(source), str(out)]


def timed(source: Path, out: Path, *options: str, **variables: str) -> Speed:
    """Run a job to its end.

    Args:
        variables: of its environment, beside ours.
    Raises:
        BenchmarkError: it failed, or a picture got no answer.
    """
    done = subprocess.run(
        command(source, out, *options),
        env=os.environ | variables,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise BenchmarkError("The job failed; it says why above.")
    summary = json.loads(done.stdout)
    if summary["errors"]:
        raise BenchmarkError(f"Pictures without an answer: {summary['errors']}. Leave them out.")
    return Speed(summary["pictures_per_s"], running_speed(out))


def running_speed(out: Path) -> float:
    """Pictures a second between the first part and the last, by the times of the files."""
    parts = sorted(out.glob("part-*.parquet"), key=lambda path: path.stat().st_mtime_ns)
    counts = [pq.read_metadata(path).num_rows for path in parts]
    seconds = (parts[-1].stat().st_mtime_ns - parts[0].stat().st_mtime_ns) / 1e9
    return float(sum(counts[1:]) / seconds)
