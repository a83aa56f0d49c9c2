"""Checkpoint files that are whole or not there, whatever happens while they are written."""

import io
import os
from pathlib import Path
from typing import Any, NamedTuple

import torch
from pytorch_lightning.plugins.io import TorchCheckpointIO

from training import disk
from training.errors import TrainingError

PARTIAL = ".partial"  # one name for all: the next checkpoint clears what a killed run left
_OURS = frozenset({"catdog", "loops", "pytorch-lightning_version", "state_dict"})


class WholeCheckpoints(TorchCheckpointIO):
    """Writes beside the checkpoint that is to be replaced, then renames.

    Lightning's own writes under the system's temporary folder and moves. Where that is
    another disk, to move is to copy over the old checkpoint, and a kill or a full disk
    half way leaves neither the old one nor the new.
    """

    def save_checkpoint(
        self, checkpoint: dict[str, Any], path: str | os.PathLike[str], storage_options: Any = None
    ) -> None:
        """Write a checkpoint; until it is whole the one before it stays.

        Raises:
            TrainingError: it cannot be written.
        """
        assert storage_options is None
        target = Path(path)
        # In memory first: torch's writer hides why the disk refused.
        content = io.BytesIO()
        torch.save(checkpoint, content)
        partial = target.parent / PARTIAL
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with partial.open("wb") as file:
                file.write(content.getbuffer())
            partial.replace(target)
        except OSError as exc:
            partial.unlink(missing_ok=True)
            size_bytes = content.getbuffer().nbytes
            raise TrainingError(disk.refusal(target, exc, size_bytes)) from exc


def require_ours(path: Path) -> None:
    """See that training can go on from it, before anything is begun.

    Raises:
        TrainingError: it is no checkpoint that `training fit` wrote at the end of an epoch.
    """
    try:
        saved = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
        lacking = _OURS.difference(saved)
        what = f"it lacks {', '.join(sorted(lacking))}" if lacking else ""
    except OSError as exc:
        what = exc.strerror or str(exc)
    except Exception:  # torch raises whatever its zip and pickle readers do
        what = "it cannot be read"
    if what:
        raise TrainingError(
            f"ckpt_path is {path}, which is no checkpoint of ours: {what}. Name one that `training "
            "fit` wrote, such as runs/.../checkpoints/last.ckpt, or none: an interrupted run goes "
            "on by itself."
        )


class Reached(NamedTuple):
    """How far a checkpoint is: whole epochs, and steps of the optimizer."""

    epochs: int
    steps: int


def reached(path: Path) -> Reached:
    """Read it from a checkpoint that was written at the end of an epoch.

    Raises:
        TrainingError: the file is damaged.
    """
    try:
        saved = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
        return Reached(saved["epoch"] + 1, saved["global_step"])
    except Exception as exc:  # torch raises whatever its zip and pickle readers do
        raise TrainingError(
            f"{path} is damaged: {exc}. Delete it and run the same command again: "
            "stage two then begins anew."
        ) from exc
