"""Are the answers answers? Nobody is timed on errors."""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.errors import BenchmarkError
from benchmarks.serving.server import REPOSITORY, ask
from service.artifact import ALL_LABELS

FEW = 4
TOLERANCE = 1e-3  # of a probability: a batch may be computed in another order


def check(
    name: str, port: int, paths: Sequence[Path], expected: Sequence[Mapping[str, object]] = ()
) -> None:
    """Ask a server about each picture.

    Args:
        expected: the right answers, where they are known.
    Raises:
        BenchmarkError: one is no 200 with a label, or not the one expected.
    """
    for i, path in enumerate(paths):
        status, answer = ask(port, path.read_bytes())
        if status != 200 or answer.get("label") not in ALL_LABELS:
            raise BenchmarkError(f"{name} answered {status} to a sound picture: {answer}")
        if expected and not _agree(answer, expected[i]):
            raise BenchmarkError(
                f"{name} answered {answer} where `python -m service predict` says {expected[i]}"
            )


def without_server(
    tag: str, paths: Sequence[Path], environment: Mapping[str, str]
) -> list[dict[str, object]]:
    """What our model says, in a process of its own that never saw a server.

    Raises:
        BenchmarkError: it said nothing.
    """
    words = [sys.executable, "-m", "service", "predict", "--json", "--model", tag]
    done = subprocess.run(
        [*words, *map(str, paths)],
        cwd=REPOSITORY,
        env=dict(environment),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise BenchmarkError(f"`python -m service predict` failed: {done.stderr.strip()}")
    predictions: list[dict[str, object]] = json.loads(done.stdout)["predictions"]
    return predictions


def _agree(answer: Mapping[str, object], expected: Mapping[str, object]) -> bool:
    p, q = answer["probabilities"], expected["probabilities"]
    assert isinstance(p, dict)
    assert isinstance(q, dict)
    return answer["label"] == expected["label"] and abs(p["cat"] - q["cat"]) <= TOLERANCE
