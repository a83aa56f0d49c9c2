"""A node is killed in the middle of a job."""

import os
import subprocess
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from benchmarks.errors import BenchmarkError
from benchmarks.scoring import jobs, nodes

PARTS_BEFORE = 0.3  # of all, when the node is killed


def survived(source: Path, work: Path, *options: str) -> dict[str, Any]:
    """Score a list on two nodes, kill one of them, and hold the output against the list.

    Raises:
        BenchmarkError: the job failed, or was over too soon.
    """
    listed = Counter(source.read_text().splitlines())
    out = work / "loss"
    with nodes.pinned(2) as cluster:
        process = subprocess.Popen(
            jobs.command(source, out, *options),
            env=os.environ | {"RAY_ADDRESS": str(cluster.address)},
            stdout=subprocess.DEVNULL,
        )
        n_before = _wait(process, out, PARTS_BEFORE * listed.total())
        killed_s = time.monotonic()
        cluster.remove_node(next(iter(cluster.worker_nodes)), allow_graceful=False)
        status = process.wait()
    if status != 0:
        raise BenchmarkError("The job did not survive; it says why above.")
    found = Counter(pq.read_table(out, columns=["path"]).column("path").to_pylist())
    return {
        "pictures_when_killed": n_before,
        "seconds_afterwards": round(time.monotonic() - killed_s, 1),
        "missing": (listed - found).total(),
        "too_often": (found - listed).total(),
    }


def _wait(process: "subprocess.Popen[bytes]", out: Path, pictures: float) -> int:
    """Until so many are in the output. Returns how many."""
    while (n := _rows(sorted(out.glob("part-*.parquet")))) < pictures:
        if process.poll() is not None:
            raise BenchmarkError("The job was over too soon: give more --pictures.")
        time.sleep(0.2)
    return n


def _rows(parts: Sequence[Path]) -> int:
    return sum(pq.read_metadata(part).num_rows for part in parts)
