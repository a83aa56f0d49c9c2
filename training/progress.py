"""Lightning's progress bar, counting pictures."""

from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.callbacks import TQDMProgressBar
from pytorch_lightning.callbacks.progress.tqdm_progress import Tqdm


class PictureProgress(TQDMProgressBar):
    """Pictures, pictures a second and time left, for each epoch."""

    def on_train_epoch_start(self, trainer: pl.Trainer, *_: Any) -> None:
        super().on_train_epoch_start(trainer)
        _count_pictures(self.train_progress_bar, trainer)
        self.train_progress_bar.set_description(
            f"Epoch {trainer.current_epoch + 1} of {trainer.max_epochs}"
        )

    def on_validation_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, *rest: Any
    ) -> None:
        super().on_validation_batch_start(trainer, pl_module, *rest)
        _count_pictures(self.val_progress_bar, trainer)

    def on_exception(self, *_: Any) -> None:
        """Leave the line to whoever says what went wrong."""
        for bar in (self._train_progress_bar, self._val_progress_bar):
            if bar is not None:
                bar.close()


def _count_pictures(bar: Tqdm, trainer: pl.Trainer) -> None:
    bar.unit = " pictures"
    bar.unit_scale = trainer.datamodule.batch_size
