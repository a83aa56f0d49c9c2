"""Stage one as a Lightning callback: solve the head before fine-tuning begins."""

from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import pytorch_lightning as pl
import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from data.picture import TRAIN, VAL, Row
from training import head
from training.augmentation import BadQuality
from training.datamodule import PictureData
from training.features import cached_features
from training.module import CatDog
from training.network import CatDogNet, imagenet_direction
from training.pictures import View, targets

CHECKPOINT = "stage-one.ckpt"


# Its name is part of what features are kept under: whatever changes the view changes the name.
SPOILED = View(f" bad quality 1, albumentations {version('albumentations')}", BadQuality())
EVERY = 3  # so many training pictures are shown once more, spoiled


def solved(network: CatDogNet, rows: Sequence[Row], workers: int | None = None) -> Tensor:
    """The head for a pretrained trunk: on every picture, and a third of them spoiled too.

    The latter cost a third more time and, on photographs, no accuracy; under the report's
    corruptions they win 3 points (docs/recipe.md).

    Returns:
        (C,) float32 weights of the dog's log-odds, on the CPU.
    """
    spoiled = rows[::EVERY]
    features = [
        cached_features(network, rows, "Features", workers=workers),
        cached_features(network, spoiled, "Features, spoiled", view=SPOILED, workers=workers),
    ]
    prior = imagenet_direction(network.imagenet_head).cpu()
    return head.solve(torch.cat(features), targets([*rows, *spoiled]), prior)


class SolveHead(pl.Callback):
    """Pools the features of every picture once and solves the head on them.

    What it leaves in `stage-one.ckpt` is the model to beat: export takes it if
    fine-tuning did not end better.
    """

    def __init__(self, folder: Path) -> None:
        """folder: where the checkpoint goes."""
        self.folder = folder

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Solve, unless the run resumes: then its head is already further."""
        if trainer.ckpt_path is not None:
            return
        assert isinstance(pl_module, CatDog)
        data = trainer.datamodule
        assert isinstance(data, PictureData)
        network = pl_module.network
        assert network is not None
        train, val = data.manifest.part(TRAIN), data.manifest.part(VAL)
        weight = solved(network, train, data.workers)
        with torch.no_grad():
            network.head.weight.copy_(weight[None])
        logit = cached_features(network, val, "Validation", workers=data.workers) @ weight
        is_dog = targets(val)
        log_loss = binary_cross_entropy_with_logits(logit, is_dog)
        accuracy = ((logit > 0) == is_dog.bool()).float().mean()
        for logger in trainer.loggers:
            logger.log_metrics({"stage_one/log_loss": float(log_loss)}, step=0)
        trainer.save_checkpoint(self.folder / CHECKPOINT)
        print(
            f"Stage one: head solved on {len(train)} pictures, validation accuracy "
            f"{accuracy:.2%}, log loss {log_loss:.4f}",
            flush=True,
        )
