"""A disk that is full, told in a sentence: whoever noticed it, and whatever they called it."""

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from training.errors import TrainingError

# Quotas and limits on a file's size stop a writer as a full disk does.
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def is_full(exc: OSError) -> bool:
    """Whether that is what stopped a writer."""
    return exc.errno in FULL


def refusal(path: Path | None, exc: Exception, needed_bytes: int | None = None) -> str:
    """What could not be written, why, how much room there is, and what to do.

    Args:
        path: the file; None where nobody knows.
        exc: what its writer raised.
        needed_bytes: size of the file, where known.
    """
    reason = exc.strerror if isinstance(exc, OSError) and exc.strerror else str(exc)
    start = "The disk is full: cannot" if isinstance(exc, OSError) and is_full(exc) else "Cannot"
    file = str(path) if path else "a file"
    needs = f" of {needed_bytes / 1e6:.1f} MB" if needed_bytes is not None else ""
    folder = next((p for p in path.absolute().parents if p.is_dir()), None) if path else None
    room = f" ({shutil.disk_usage(folder).free / 1e6:.1f} MB are free there)" if folder else ""
    return (
        f"{start} write {file}{needs}: {reason}{room}. What was whole before still is. "
        "Make room, see that the folder is writable, and run the same command again."
    )


@contextmanager
def writing(path: Path, *errors: type[Exception]) -> Iterator[None]:
    """For writers that leave it to us to say what they could not write.

    Args:
        path: the file that is written inside.
        errors: what the writer raises beside OSError.
    Raises:
        TrainingError: it cannot be written.
    """
    refused: tuple[type[Exception], ...] = (OSError, *errors)
    try:
        yield
    except refused as exc:
        raise TrainingError(refusal(path, exc)) from exc
