"""Pictures to batches: a Lightning data module over a manifest."""

from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from torch.utils.data import DataLoader, Dataset, Sampler, SequentialSampler

from data import shards
from data.decisions import Decisions
from data.manifest import Manifest, build
from data.picture import TRAIN, VAL
from data.source import resolve
from training.augmentation import Augmentation
from training.decoded import Decoder
from training.errors import TrainingError
from training.pictures import (
    AugmentedPictures,
    Batch,
    CentralSquares,
    EpochSampler,
    begin_worker,
    default_workers,
)
from training.slices import Slices, collated


class PictureData(pl.LightningDataModule):
    """Training and validation pictures of one source."""

    def __init__(
        self,
        source: str = "starter",
        batch_size: int = 32,
        workers: int | None = None,
        min_area: float = 0.4,
        corrupted: float = 0.5,
        keep_decoded: bool | None = None,
        exclude: Path | None = None,
        relabel: Path | None = None,
        manifest: Path | None = None,
        previous: Path | None = None,
    ) -> None:
        """
        Args:
            source: `starter`, `oxford-pets`, or a folder of labelled pictures or of shards.
            batch_size: pictures a step, of all processes together.
            workers: processes that decode and augment; 0 does it in the main process. By
                default one less than the cores, and at least one.
            min_area: smallest part of a picture that a training crop shows, 0 to 1.
            corrupted: share of training pictures that are made noisy, blurred, badly
                compressed, dark or crooked, 0 to 1.
            keep_decoded: keep training pictures decoded on disk, 200 kB each, so that they
                are decoded once and not in every epoch; by default where a GPU waits, but
                not for shards.
            exclude: CSV of pictures to leave out, such as an audit's (docs/audit.md).
            relabel: CSV of pictures with their right labels; may be the same file.
            manifest: where to write the manifest; read instead of built if it is there.
            previous: manifest of an earlier run on the same source; its pictures keep
                their parts.
        Raises:
            TrainingError: a number makes no sense.
        """
        super().__init__()
        for name, value, is_fine, allowed in (
            ("batch_size", batch_size, batch_size >= 1, "at least 1"),
            ("workers", workers, workers is None or workers >= 0, "0 or more"),
            ("min_area", min_area, 0 < min_area <= 1, "over 0 and at most 1"),
            ("corrupted", corrupted, 0 <= corrupted <= 1, "0 to 1"),
        ):
            if not is_fine:
                raise TrainingError(f"data.{name} is {value}; it must be {allowed}.")
        self.source = source
        self.batch_size = batch_size
        self.workers = default_workers() if workers is None else workers
        self.augmentation = Augmentation(min_area, corrupted=corrupted)
        if keep_decoded is None:  # what is in shards is more than a disk holds
            keep_decoded = torch.cuda.is_available() and not shards.are_in(source)
        self.keep_decoded = keep_decoded
        self.exclude = exclude
        self.relabel = relabel
        self.manifest_path = manifest
        self.previous_path = previous
        # Whoever resumes sets it. Lightning tells the sampler its epoch too, but not before
        # it has had the workers begin.
        self.first_epoch = 0
        self._manifest: Manifest | None = None

    @property
    def manifest(self) -> Manifest:
        """The manifest; built, or read, at first use."""
        if self._manifest is None:
            self._manifest = self._load_manifest()
        return self._manifest

    def _load_manifest(self) -> Manifest:
        if self.manifest_path is not None and self.manifest_path.is_file():
            manifest = Manifest.load(self.manifest_path)
            manifest.check()
            return manifest
        previous = Manifest.load(self.previous_path) if self.previous_path else None
        decisions = Decisions.read(self.exclude, self.relabel)
        manifest = build(resolve(self.source), previous, decisions=decisions)
        if self.manifest_path is not None:
            manifest.save(self.manifest_path)
        return manifest

    def train_dataloader(self) -> DataLoader[Batch]:
        """Augmented views, shuffled anew each epoch."""
        seed = torch.initial_seed() % 2**32
        rows = self.manifest.part(TRAIN)
        decoder = Decoder(self.keep_decoded)
        data = AugmentedPictures(rows, seed, self.augmentation, decoder)
        return self._loader(data, EpochSampler(len(rows), seed, self.first_epoch))

    def val_dataloader(self) -> DataLoader[Batch]:
        """Validation pictures, as the service sees them."""
        data = CentralSquares(self.manifest.part(VAL))
        return self._loader(data, SequentialSampler(data))

    def _loader(self, data: Dataset[Batch], sampler: Sampler[Any]) -> DataLoader[Batch]:
        """Batches of `sampler`'s pictures; of each, what belongs to this process."""
        trainer = self.trainer
        rank, count = (trainer.global_rank, trainer.world_size) if trainer else (0, 1)
        return DataLoader(
            data,
            batch_sampler=Slices(sampler, self.batch_size, rank, count),
            collate_fn=collated,
            num_workers=self.workers,
            worker_init_fn=begin_worker,
            # A GPU is through with an epoch in the time that starting new ones takes.
            persistent_workers=self.workers > 0,
            pin_memory=torch.cuda.is_available(),
        )
