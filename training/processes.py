"""Several processes that train one network: who this one is, and what the first tells the rest."""

import json
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from traceback import walk_tb
from typing import TypeVar

import pytorch_lightning as pl
import torch
from pytorch_lightning.plugins.environments import ClusterEnvironment
from torch.distributed import Store  # type: ignore[attr-defined]  # its own export

from data.errors import DataError
from training.errors import TrainingError

PREPARED_WITHIN_S = 24 * 3600  # what only the first does: the manifest, weights, stage one
HEARD_WITHIN_S = 60
ASKED_EVERY_S = 0.2
# Of gloo and NCCL, whose errors are plain RuntimeErrors that come out of backward() too.
_NETWORK = ("gloo", "nccl", "by peer", "pair closure", "timed out", "broken pipe", "socket")

T = TypeVar("T")


class LostProcess(TrainingError):
    """Another process is gone, or did not answer in time: this one cannot go on alone."""


class Processes:
    """All that train together, as one of them sees it; `training.joining` finds them.

    rank: 0 for the first, which is the one that writes.
    environment: whoever started them; None for one alone.
    """

    def __init__(
        self,
        rank: int = 0,
        count: int = 1,
        environment: ClusterEnvironment | None = None,
        store: Store | None = None,
    ) -> None:
        """store: where the first leaves word for the others."""
        self.rank = rank
        self.count = count
        self.environment = environment
        self._store = store

    @property
    def is_first(self) -> bool:
        return self.rank == 0

    def shared(self, name: str, make: Callable[[], T]) -> T:
        """What the first process makes; the others wait for it and get the same.

        For what takes long: unlike a collective operation, this waiting is no part of the
        time that processes may take for a step.

        Args:
            name: once a run.
            make: only the first calls it; its result must be fit for JSON.
        Raises:
            LostProcess: the first is gone, or takes over a day.
        """
        if self._store is None:
            return make()
        if self.is_first:
            made = make()
            self._store.set(name, json.dumps(made))
            return made
        with self.united():
            told: T = json.loads(self._awaited(self._store, name))
        return told

    def require(self, path: Path) -> None:
        """See that what the first has written is here too; shared folders may lag behind.

        Raises:
            TrainingError: it is not.
        """
        ends_s = time.monotonic() + (0 if self.is_first else HEARD_WITHIN_S)
        while not path.exists():
            if time.monotonic() > ends_s:
                raise TrainingError(
                    f"{path}, which the first process made, is not on this machine: CATDOG_RUNS "
                    "must name a folder that all machines share."
                )
            time.sleep(ASKED_EVERY_S)

    def part(self) -> None:
        """For the first to end only when the others have heard all; it may hold the store."""
        if self._store is None:
            return
        with self.united():
            gone = self._store.add("parted", 1)
            ends_s = time.monotonic() + HEARD_WITHIN_S
            while self.is_first and gone < self.count and time.monotonic() < ends_s:
                time.sleep(ASKED_EVERY_S)
                gone = self._store.add("parted", 0)

    @contextmanager
    def united(self) -> Iterator[None]:
        """Tell it from all else that may go wrong inside if others are gone.

        Raises:
            LostProcess: an exchange with them failed.
        """
        try:
            yield
        except (TrainingError, DataError):
            raise
        except RuntimeError as exc:
            if self.count > 1 and _is_of_the_network(exc):
                raise LostProcess(
                    f"Process {self.rank} of {self.count} (counted from 0) lost the others: "
                    f"{first_line(exc)}. Whichever ended first says why. What was trained up to "
                    "the last whole epoch is kept: start them again, as many as you like, to go "
                    "on from there."
                ) from exc
            raise

    def _awaited(self, store: Store, name: str) -> bytes:
        # Asked for again and again: a wait inside of torch would hear no signal.
        ends_s = time.monotonic() + PREPARED_WITHIN_S
        while not store.check([name]):
            if time.monotonic() > ends_s:
                raise LostProcess(
                    f"The first process has not finished what it prepares ({name}) within "
                    f"{PREPARED_WITHIN_S // 3600} hours. Run it alone first, with "
                    "--trainer.devices 1: the others will find what it kept."
                )
            time.sleep(ASKED_EVERY_S)
        return bytes(store.get(name))


class EndAtOnce(pl.Callback):
    """Let SIGTERM end this process there and then, as one of several.

    Lightning would agree with the other processes to stop after the batch; but whoever
    sends the signal does so because one of them is gone. Checkpoints are written whole or
    not at all, and a run goes on after its last whole epoch either way.
    """

    def on_train_start(self, *_: object) -> None:
        """Lightning has set its own handlers by now."""
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def first_line(exc: Exception) -> str:
    """Of what torch says, which goes on with stacks and advice."""
    return str(exc).strip().partition("\n")[0].rstrip(".")


def _is_of_the_network(exc: RuntimeError) -> bool:
    """Whether it was raised while exchanging something with other processes."""
    innermost = [frame for frame, _ in walk_tb(exc.__traceback__)][-1:]
    module = innermost[0].f_globals.get("__name__", "") if innermost else ""
    return (
        isinstance(exc, torch.distributed.DistError)
        or module.startswith(("torch.distributed", "torch.nn.parallel.distributed"))
        or any(word in str(exc).lower() for word in _NETWORK)
    )
