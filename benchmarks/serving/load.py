"""wrk, which makes the load: a client of little cost, so that the cores are the server's."""

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from benchmarks.errors import BenchmarkError

SCRIPT = Path(__file__).with_name("load.lua")
TIMEOUT_S = 60  # past it an answer counts as an error; no contestant may take so long
_FAULTS = ("connect", "read", "write", "timeout")  # as wrk tells them


@dataclass(frozen=True)
class Load:
    """What came of some seconds of load.

    requests_per_s: answers of status 2xx.
    p50_ms, p99_ms: of all answers, as wrk corrects them for what its waiting connections
        did not send.
    errors: HTTP status, or what happened to the connection -> how often; none is empty.
    """

    requests_per_s: float
    p50_ms: float
    p99_ms: float
    answers: int
    seconds: float
    errors: dict[str, int]


def version() -> str:
    """wrk's own.

    Raises:
        BenchmarkError: it is not installed.
    """
    if shutil.which("wrk") is None:
        raise BenchmarkError(
            "wrk is not on PATH; it makes the load. Install it: `apt-get install wrk` on Debian "
            "and Ubuntu, `brew install wrk` on macOS."
        )
    said = subprocess.run(["wrk", "-v"], capture_output=True, text=True, check=False)
    return said.stdout.split(" Copyright")[0].removeprefix("wrk ").strip()


def drive(port: int, connections: int, seconds: float, photographs: Path) -> Load:
    """Post photographs to /predict on so many connections at once, each as fast as it can.

    Args:
        photographs: a file with a path on each line.
    Raises:
        BenchmarkError: wrk failed.
    """
    words = ["wrk", "-t1", f"-c{connections}", f"-d{round(seconds)}s", f"--timeout={TIMEOUT_S}s"]
    url = f"http://127.0.0.1:{port}/predict"
    done = subprocess.run(
        [*words, f"--script={SCRIPT}", url, "--", str(photographs)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise BenchmarkError(f"wrk failed: {(done.stderr or done.stdout).strip()}")
    return parsed(done.stdout)


def parsed(output: str) -> Load:
    """What load.lua printed, after what wrk prints by itself.

    Raises:
        BenchmarkError: it printed nothing.
    """
    lines = [line for line in output.splitlines() if line.startswith("{")]
    if not lines:
        raise BenchmarkError(f"wrk ended without figures: {output.strip()}")
    said = json.loads(lines[-1])
    statuses: dict[str, int] = said["statuses"]
    good = sum(count for status, count in statuses.items() if status.startswith("2"))
    refused = {status: n for status, n in sorted(statuses.items()) if not status.startswith("2")}
    return Load(
        requests_per_s=round(good / said["duration_s"], 2),
        p50_ms=round(said["p50_ms"], 1),
        p99_ms=round(said["p99_ms"], 1),
        answers=sum(statuses.values()),
        seconds=round(said["duration_s"], 2),
        errors=refused | {fault: said[fault] for fault in _FAULTS if said[fault]},
    )
