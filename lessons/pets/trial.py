"""One training from a seed, and what the network answers after it."""

import time
from collections.abc import Callable
from typing import NamedTuple

import pytorch_lightning as pl
import torch
from torch import Tensor, nn
from torch.utils.data import BatchSampler, DataLoader, RandomSampler, TensorDataset

from lessons.pets.classifier import PetClassifier
from lessons.pets.pictures import Pictures
from training import advice


class Trained(NamedTuple):
    """What a training left.

    losses: mean training loss of each epoch.
    cpu_s: seconds of processor time that it took; unlike the clock's, they hardly depend
        on what else the machine does.
    """

    network: nn.Module
    losses: list[float]
    cpu_s: float


def train(
    make: Callable[[], PetClassifier],
    pictures: Pictures,
    *,
    epochs: int,
    batch: int,
    seed: int,
    pictures_an_epoch: int | None = None,
) -> Trained:
    """Train what `make` makes; weights, order, augmentation and dropout come from the seed.

    Args:
        pictures_an_epoch: not each picture once but so many, more or fewer.
    """
    advice.hush()
    pl.seed_everything(seed, verbose=False)
    module = make()
    dataset = TensorDataset(*pictures)
    # Indexed by the batch: a tensor is cut out at once instead of picture by picture.
    sampler = BatchSampler(
        RandomSampler(dataset, num_samples=pictures_an_epoch), batch, drop_last=True
    )
    loader = DataLoader(dataset, sampler=sampler, batch_size=None)
    trainer = pl.Trainer(
        accelerator="cpu",
        max_epochs=epochs,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    start = time.process_time()
    trainer.fit(module, loader)
    return Trained(module.network, module.losses, time.process_time() - start)


@torch.inference_mode()
def log_odds(network: nn.Module, images: Tensor, batch: int = 100) -> Tensor:
    """(N, 3, H, W) to (N,), the dog's log-odds, as the network answers outside of training."""
    network.eval()
    parts = (images[at : at + batch] for at in range(0, len(images), batch))
    return torch.cat([network(part).squeeze(1) for part in parts])


def right(network: nn.Module, pictures: Pictures) -> Tensor:
    """(N,) bool: which pictures it answers rightly."""
    return (log_odds(network, pictures.images) > 0) == (pictures.labels > 0)
