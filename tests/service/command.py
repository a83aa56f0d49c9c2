"""Commands as a user runs them, each a process of its own."""

import subprocess
import sys
from pathlib import Path

from tests.live_server import REPOSITORY, environment


def run(home: Path, *words: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """`python -m ...` to its end, whatever its status, with the models of `home`.

    Keywords are environment variables.
    """
    return subprocess.run(
        [sys.executable, "-m", *map(str, words)],
        cwd=REPOSITORY,
        env=environment(home) | variables,
        capture_output=True,
        text=True,
        check=False,
    )
