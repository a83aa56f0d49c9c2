"""The locked packages as one folder, the same from the same lock each time."""

import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

from deploy.image.errors import ImageError

IN_IMAGE = "/opt/catdog"
# Wheels for these C libraries and older run on the bases that we know: Debian 12 has 2.36.
_GLIBC_MINORS = range(36, 4, -1)


def install(requirements: Path, folder: Path) -> None:
    """Install a locked set into a new folder, for Linux on this machine's kind of processor.

    With the pip of the machine that builds, so with its index, its proxy and its cache: the image
    learns nothing of them. From wheels only: no code of a package runs.

    Raises:
        ImageError: pip failed.
    """
    machine = {"arm64": "aarch64", "AMD64": "x86_64"}.get(platform.machine(), platform.machine())
    platforms = [f"manylinux_2_{minor}_{machine}" for minor in _GLIBC_MINORS]
    platforms += [f"manylinux2014_{machine}"]
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pip", "install", "--quiet", "--target", str(folder)),
            *("--no-compile", "--only-binary", ":all:", "--no-deps", "--require-hashes"),
            *("--disable-pip-version-check", "--requirement", str(requirements)),
            *("--implementation", "cp", "--python-version", "3.11"),
            *(word for name in platforms for word in ("--platform", name)),
        ],
        check=False,
    )
    if done.returncode:
        raise ImageError(f"pip could not install {requirements}; it says why above.")
    shutil.rmtree(folder / "bin", ignore_errors=True)  # they name this machine's Python


def compile_all(folder: Path, path_in_image: str) -> None:
    """Compile a folder's modules: nothing can, and nothing need, be written when they run.

    Held against no source file, and with nothing of this machine or moment in them.

    Raises:
        ImageError: a module does not compile.
    """
    command = [sys.executable, "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash"]
    done = subprocess.run(
        [*command, "-s", str(folder), "-p", path_in_image, str(folder)],
        # The order of a set's elements in compiled code depends on it.
        env=os.environ | {"PYTHONHASHSEED": "0"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise ImageError(f"A module does not compile: {done.stdout}{done.stderr}")
