"""A run that another process is at work on."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tests.live_server import REPOSITORY
from training.run import Run

_HOLDER = """
import sys, time
from pathlib import Path
from training.run import Run
Run(Path(sys.argv[1])).hold()
print("held", flush=True)
time.sleep(60)
"""


@contextmanager
def held_by_another(run: Run) -> Iterator[None]:
    """Until the end of the block, when that process is killed."""
    command = [sys.executable, "-c", _HOLDER, str(run.folder)]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as holder:
        try:
            assert holder.stdout
            assert holder.stdout.readline() == "held\n"
            yield
        finally:
            holder.kill()
