"""What Lightning and torch raise of mistakes and mishaps, in sentences that say what to do."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from traceback import walk_tb

import pytorch_lightning as pl
from pytorch_lightning.utilities.exceptions import MisconfigurationException

from training.arguments import HELP
from training.errors import TrainingError

_LIGHTNING = ("pytorch_lightning.", "lightning_fabric.")
_DEAD = "DataLoader worker"  # how torch's error begins; in that of a living one it comes later


@contextmanager
def of_settings() -> Iterator[None]:
    """Tell Lightning's refusal of a setting of its trainer from all else.

    Raises:
        TrainingError: it refuses one.
    """
    try:
        yield
    except (MisconfigurationException, ValueError) as exc:
        if not _is_lightnings(exc):
            raise
        what = " ".join(str(exc).split()).rstrip(".!")
        raise TrainingError(
            f"The trainer cannot be made so: {what}. `{HELP}` lists every --trainer key and what "
            "it may be."
        ) from exc


@contextmanager
def of_readers(trainer: pl.Trainer) -> Iterator[None]:
    """Tell the death of a process that reads pictures from all else.

    Raises:
        KeyboardInterrupt: it was told to end, as the trainer was or a scheduler tells all.
        TrainingError: it was killed otherwise.
    """
    try:
        yield
    except RuntimeError as exc:
        if not str(exc).startswith(_DEAD):
            raise
        if trainer.received_sigterm or str(signal.strsignal(signal.SIGTERM)) in str(exc):
            raise KeyboardInterrupt from exc
        raise TrainingError(
            "A process that read pictures died, most likely for want of memory. Free some, or "
            "have fewer of them (--data.workers 1), and run the same command again, without "
            "RESUME=false, to go on after the last whole epoch."
        ) from exc


def _is_lightnings(exc: Exception) -> bool:
    """Whether Lightning itself raised it, and not what it called of ours."""
    innermost = [frame for frame, _ in walk_tb(exc.__traceback__)][-1:]
    return any(f.f_globals.get("__name__", "").startswith(_LIGHTNING) for f in innermost)
