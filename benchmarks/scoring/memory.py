"""Memory of the process that a user starts, over a job of very many pictures.

The network is the tests' known one, which computes next to nothing, and the pictures are small:
what is measured is the driver, which sees neither.
"""

import os
import subprocess
import time
from pathlib import Path
from typing import Any

import psutil
from PIL import Image

from benchmarks.errors import BenchmarkError
from benchmarks.scoring import jobs
from tests import known_network, live_server

FILES = 4000
_EVERY_S = 5
_SIDE = 32


def measured(count: int, work: Path) -> dict[str, Any]:
    """Score so many pictures: 4,000 files, again and again by reference.

    Raises:
        BenchmarkError: the job failed.
    """
    known_network.write_artifact(work / "artifact")
    live_server.add_to_store(work / "artifact", work / "bentoml")
    source = jobs.listed(_pictures(work / "pictures"), count, work / "list.txt")
    out = work / "out"
    started_s = time.monotonic()
    process = subprocess.Popen(
        jobs.command(source, out),
        env=os.environ | {"BENTOML_HOME": str(work / "bentoml")},
        stdout=subprocess.DEVNULL,
    )
    samples: list[tuple[float, int, int, int]] = []  # s, parts, bytes of RSS, of them its own
    driver = psutil.Process(process.pid)
    try:
        while process.poll() is None:
            memory = driver.memory_full_info()
            parts = len(list(out.glob("part-*.parquet")))
            samples.append((time.monotonic() - started_s, parts, memory.rss, memory.uss))
            time.sleep(_EVERY_S)
    except psutil.Error:
        process.wait()
    if process.returncode != 0:
        raise BenchmarkError("The job failed; it says why above.")
    return _figures(samples, count, time.monotonic() - started_s)


def _figures(
    samples: list[tuple[float, int, int, int]], count: int, seconds: float
) -> dict[str, Any]:
    """What the driver held once this share of the parts was written."""
    n_parts = max(parts for _, parts, _, _ in samples)
    at = {}
    for share in (0.01, 0.1, 0.25, 0.5, 0.75, 1.0):
        later = (s for s in samples if s[1] >= share * n_parts)
        _, _, rss, uss = next(later, samples[-1])
        at[f"{share:.0%}"] = {"rss_mb": round(rss / 1e6, 1), "uss_mb": round(uss / 1e6, 1)}
    return {
        "rows": count,
        "files": FILES,
        "seconds": round(seconds, 1),
        "driver_after": at,
        "driver_most_uss_mb": round(max(uss for *_, uss in samples) / 1e6, 1),
    }


def _pictures(folder: Path) -> list[Path]:
    folder.mkdir()
    paths = [folder / f"{i}.png" for i in range(FILES)]
    for i, path in enumerate(paths):
        Image.new("RGB", (_SIDE, _SIDE), (i % 256, i // 256, 128)).save(path)
    return paths
