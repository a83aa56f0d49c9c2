"""Virtual environments of what we are compared with, so that nothing of theirs is in ours."""

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.errors import BenchmarkError
from data import cache


def python_of(name: str, requirements: Path, takes: str = "6 GB, some minutes") -> Path:
    """The Python of an environment that is made once, under the cache.

    Args:
        name: of its folder there, and for people.
        requirements: a locked set, with hashes.
        takes: how much room and time, for people.
    Raises:
        BenchmarkError: it cannot be made.
    """
    place = cache.place(f"{name}-venv")
    python = place / "bin" / "python"
    whole = place / "installed.txt"  # what it was made from; written last
    wanted = requirements.read_text()
    with cache.locked(place):
        if whole.is_file() and whole.read_text() == wanted:
            return python
        print(f"== Installing {name} into {place} ({takes})", flush=True)
        shutil.rmtree(place, ignore_errors=True)
        install = [str(python), "-m", "pip", "install", "--quiet", "--require-hashes", "-r"]
        try:
            subprocess.run([sys.executable, "-m", "venv", str(place)], check=True)
            subprocess.run([*install, str(requirements)], check=True)
        except (OSError, subprocess.CalledProcessError) as exc:
            raise BenchmarkError(
                f"{name} cannot be installed into {place}: {exc}. pip says why above; see that "
                f"the package registry can be reached and that there is room ({takes}), and try "
                "again."
            ) from exc
        whole.write_text(wanted)
    return python


def versions(python: Path, packages: Sequence[str]) -> dict[str, str]:
    """What of these packages an environment has."""
    code = "import json, sys; from importlib.metadata import version; "
    code += "print(json.dumps({p: version(p) for p in sys.argv[1:]}))"
    said = subprocess.check_output([str(python), "-c", code, *packages], text=True)
    found: dict[str, str] = json.loads(said)
    return found
