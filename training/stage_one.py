"""Stage one as a Lightning callback: solve the head before fine-tuning begins."""

from collections.abc import Sequence
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

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
from training.processes import Processes

CHECKPOINT = "stage-one.ckpt"
# Its name is part of what features are kept under: whatever changes the view changes the name.
SPOILED = View(f" bad quality 2, albumentations {version('albumentations')}", BadQuality())
EVERY = 3  # so many training pictures are shown once more, spoiled
# Of more pictures, so many: their features are held in memory at once, 1 GB of ResNet-50's, and
# twice that again to solve on them.
MOST = 100_000


def solved(network: CatDogNet, rows: Sequence[Row], workers: int | None = None) -> Tensor:
    """The head for a pretrained trunk: on every picture, and a third of them spoiled too.

    The latter cost a third more time and, on photographs, no accuracy; under the report's
    corruptions they win 3 points (docs/recipe.md).

    Returns:
        (C,) float32 weights of the dog's log-odds, on the CPU.
    """
    spoiled = steadily(rows, -(-len(rows) // EVERY))
    features = [
        cached_features(network, rows, "Features", workers=workers),
        cached_features(network, spoiled, "Features, spoiled", view=SPOILED, workers=workers),
    ]
    prior = imagenet_direction(network.imagenet_head).cpu()
    return head.solve(torch.cat(features), targets([*rows, *spoiled]), prior)


def steadily(rows: Sequence[Row], most: int) -> Sequence[Row]:
    """At most so many of the rows, in their order: those of the smallest sha256.

    Of a set that has grown they are those of before, but for as many as newcomers displace, and
    so are their features. Digests know no labels: of `MOST`, as many are of each as there are
    among all, to within half a percent of all (3 standard deviations).
    """
    if len(rows) <= most:
        return rows
    limit = sorted(row.sha256 for row in rows)[most - 1]
    return tuple(row for row in rows if row.sha256 <= limit)


class StageOne(NamedTuple):
    """On how many pictures the head was solved, and its figures on the validation part."""

    pictures: int
    log_loss: float
    accuracy: float


class SolveHead(pl.Callback):
    """Pools the features of every picture once (of `MOST`, at most) and solves the head on them.

    What it leaves in `stage-one.ckpt` is the model to beat: export takes it if
    fine-tuning did not end better. Of several processes the first does it, and the others
    take its head.
    """

    def __init__(self, folder: Path, processes: Processes | None = None) -> None:
        """folder: where the checkpoint goes."""
        self.folder = folder
        self.processes = processes or Processes()

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Solve, unless the run resumes: then its head is already further."""
        if trainer.ckpt_path is not None:
            return
        assert isinstance(pl_module, CatDog)
        data, network = trainer.datamodule, pl_module.network
        assert isinstance(data, PictureData)
        assert network is not None
        figures = StageOne(*self.processes.shared("stage one", partial(_solve, network, data)))
        if self.processes.count > 1:
            torch.distributed.broadcast(network.head.weight.data, src=0)
        for logger in trainer.loggers:
            logger.log_metrics({"stage_one/log_loss": figures.log_loss}, step=0)
        trainer.save_checkpoint(self.folder / CHECKPOINT)
        if self.processes.is_first:
            print(
                f"Stage one: head solved on {figures.pictures} pictures, validation accuracy "
                f"{figures.accuracy:.2%}, log loss {figures.log_loss:.4f}",
                flush=True,
            )


def _solve(network: CatDogNet, data: PictureData) -> StageOne:
    """Solve the head and put it into the network."""
    train, val = (steadily(data.manifest.part(part), MOST) for part in (TRAIN, VAL))
    weight = solved(network, train, data.workers)
    with torch.no_grad():
        network.head.weight.copy_(weight[None])
    logit = cached_features(network, val, "Validation", workers=data.workers) @ weight
    is_dog = targets(val)
    log_loss = binary_cross_entropy_with_logits(logit, is_dog)
    accuracy = ((logit > 0) == is_dog.bool()).float().mean()
    return StageOne(len(train), float(log_loss), float(accuracy))
