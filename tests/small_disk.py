"""A disk that is too small: a real one where we may mount it, else a limit on a file's size."""

import resource
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def small_disk(
    folder: Path, size_mb: float, largest_file_mb: float
) -> Iterator[Callable[[], None]]:
    """Let `folder` be a disk of its own.

    Args:
        folder: empty, and so again afterwards where it was mounted.
        size_mb: of the disk.
        largest_file_mb: where nobody lets us mount one, no file of this process may grow
            larger; its writer gets EFBIG, where a full disk says ENOSPC.
    Yields:
        What makes room.
    """
    if mount(folder, f"size={round(size_mb * 1024)}k"):
        try:
            yield lambda: _require(mount(folder, "remount,size=4g"))
        finally:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (round(largest_file_mb * 2**20), hard))
    try:
        yield lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def mount(folder: Path, options: str) -> bool:
    """Let a folder be a disk in memory; whether we may."""
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:  # no such command
        return False


def _require(is_done: bool) -> None:
    assert is_done
