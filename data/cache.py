"""Where downloads live, and how two processes share the place."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock

from data.errors import DataError

VARIABLE = "CATDOG_CACHE"
DEFAULT = ".cache"  # in the folder we run in, which is the repository's root


def place(name: str) -> Path:
    """Where the cache keeps what is called `name`: an absolute path in a folder that exists.

    Raises:
        DataError: the folder cannot be made or written to.
    """
    path = Path(os.environ.get(VARIABLE) or DEFAULT).absolute() / name
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        problem = None if os.access(path.parent, os.W_OK) else "it is read-only"
    except OSError as exc:
        problem = exc.strerror
    if problem:
        raise DataError(
            f"Cannot use the cache folder {path.parent}: {problem}. "
            f"Set {VARIABLE} to a folder that you may write to."
        )
    return path


def locked(target: Path) -> FileLock:
    """A context that one process at a time can be in, for each `target`; others wait."""
    return FileLock(target.with_name(f"{target.name}.lock"))


@contextmanager
def building(target: Path) -> Iterator[Path]:
    """Lend an empty folder beside `target`, under its lock.

    Whoever fills it renames what it made to `target`, so that `target` is whole or
    absent. What a killed process left behind is cleared by the next one.

    Yields:
        the folder; it is gone afterwards, whatever happened.
    """
    workspace = target.with_name(f"{target.name}.partial")
    with locked(target):
        shutil.rmtree(workspace, ignore_errors=True)
        workspace.mkdir()
        try:
            yield workspace
        finally:
            shutil.rmtree(workspace, ignore_errors=True)
