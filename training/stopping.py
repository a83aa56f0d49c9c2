"""Early stopping that a kill does not undo."""

from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.callbacks.early_stopping import EarlyStoppingReason


class StayStopped(pl.Callback):
    """Trains no further where the checkpoint is of a run that had stopped early.

    EarlyStopping restores that it had, and says so to nobody before it has seen one epoch more.
    Who is killed after the last checkpoint and before `run.json` has it would train that one.
    """

    def on_fit_start(self, trainer: pl.Trainer, *_: Any) -> None:
        """The callbacks are restored by now, and no epoch has begun."""
        stopped = (
            callback.stopping_reason is not EarlyStoppingReason.NOT_STOPPED
            for callback in trainer.early_stopping_callbacks
        )
        trainer.should_stop = trainer.should_stop or any(stopped)
