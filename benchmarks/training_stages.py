"""The stages of training, each run once over some pictures and timed."""

import io
import logging
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
import yaml
from torch.utils.data import DataLoader, IterableDataset

from service.images import SIDE
from training.datamodule import PictureData
from training.features import BATCH, has_bf16, pooled_features
from training.folding import folded
from training.module import CatDog
from training.network import STAGES, CatDogNet, stages
from training.pictures import Batch

QUIET = {
    "logger": False,
    "enable_checkpointing": False,
    "enable_progress_bar": False,
    "enable_model_summary": False,
    "limit_val_batches": 0,
}


class InMemory(IterableDataset[Batch]):
    """The same batch again and again: what a loader of no cost would give."""

    def __init__(self, batch: Batch, count: int) -> None:
        self.batch = batch
        self.count = count

    def __iter__(self) -> Iterator[Batch]:
        return iter([self.batch] * self.count)


class Stopwatch(pl.Callback):
    """Seconds from the start of an epoch to its end."""

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self.seconds = 0.0

    def on_train_epoch_start(self, *_: object) -> None:
        """Note the time; the loader's workers have yet to start."""
        self.seconds = -clock(self.device)

    def on_train_epoch_end(self, *_: object) -> None:
        """Note what has passed, once the device has done the last step too."""
        self.seconds += clock(self.device)


class Stages:
    """One epoch of a manifest's rows, in several ways.

    measurements: name -> runs it once and returns pictures a second.
    """

    def __init__(self, config: Path, manifest: Path, device: torch.device) -> None:
        """config: as for `training fit`; its model and data settings are used."""
        settings = yaml.safe_load(config.read_text())
        self.data = PictureData(**settings["data"] | {"manifest": manifest})
        self.rows = self.data.manifest.rows
        self.batch_size = self.data.batch_size
        self.device = device
        self.precision = "bf16-mixed" if has_bf16(device) else "32-true"
        self.module = CatDog(**settings["model"])
        self.module.configure_model()
        self.measurements: dict[str, Callable[[], float]] = {
            "loader alone": self.loader_alone,
            "stage one": self.stage_one,
            "stage one, in memory": self.stage_one_in_memory,
            "stage two": self.stage_two,
            "stage two, in memory": self.stage_two_in_memory,
        }

    def loader_alone(self) -> float:
        """Decoding and augmenting, for nobody."""
        started = clock(self.device)
        count = sum(len(is_dog) for _, is_dog in self.data.train_dataloader())
        return count / (clock(self.device) - started)

    def stage_one(self) -> float:
        """Pooled features from files."""
        network = self._network()
        started = clock(self.device)
        with redirect_stderr(io.StringIO()):  # its progress bars
            pooled_features(network, self.rows, "Features", workers=self.data.workers)
        return len(self.rows) / (clock(self.device) - started)

    def stage_one_in_memory(self) -> float:
        """What `pooled_features` does to a batch, on one that is there already."""
        network = self._network()
        trunk = folded(network.trunk)
        pixels, _ = self._batch(BATCH)
        count = max(1, len(self.rows) // BATCH)
        started = clock(self.device)
        with (
            torch.inference_mode(),
            torch.autocast(self.device.type, torch.bfloat16, enabled=has_bf16(self.device)),
        ):
            for _ in range(count):
                images = network.standardize(pixels.to(self.device, non_blocking=True))
                maps = stages(trunk, images.contiguous(memory_format=torch.channels_last), STAGES)
                maps.float().mean((2, 3)).cpu()
        return count * BATCH / (clock(self.device) - started)

    def stage_two(self) -> float:
        """Lightning's loop over augmented pictures, from the workers' start to the last step."""
        return len(self.rows) / self._fit(datamodule=self.data)

    def stage_two_in_memory(self) -> float:
        """The same loop over one batch again and again."""
        count = max(1, len(self.rows) // self.batch_size)
        batches = DataLoader(InMemory(self._batch(self.batch_size), count), batch_size=None)
        return count * self.batch_size / self._fit(train_dataloaders=batches)

    def _fit(self, **pictures: Any) -> float:
        watch = Stopwatch(self.device)
        logging.getLogger("pytorch_lightning.utilities.rank_zero").setLevel(logging.WARNING)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Lightning's advice on loaders and frozen parts
            trainer = pl.Trainer(
                accelerator="gpu" if self.device.type == "cuda" else "cpu",
                devices=1,
                precision=self.precision,
                max_epochs=1,
                callbacks=[watch],
                **QUIET,
            )
            trainer.fit(self.module, **pictures)
        return watch.seconds

    def _network(self) -> CatDogNet:
        """On the device, as stage one finds it; Lightning leaves it on the CPU."""
        assert self.module.network is not None
        return self.module.network.to(self.device)

    def _batch(self, size: int) -> Batch:
        """Noise, (size, 224, 224, 3) uint8, and labels; pinned where a GPU reads it."""
        pixels = torch.randint(0, 256, (size, SIDE, SIDE, 3), dtype=torch.uint8)
        is_dog = (torch.arange(size) % 2).float()
        return (pixels.pin_memory(), is_dog.pin_memory()) if self._has_gpu() else (pixels, is_dog)

    def _has_gpu(self) -> bool:
        return self.device.type == "cuda"


def clock(device: torch.device) -> float:
    """Seconds on a steady clock, once the device has done all it was told to."""
    if device.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter()
