"""Pictures to batches: a Lightning data module over a manifest."""

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytorch_lightning as pl
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

from data.manifest import Manifest, build, read_bytes
from data.picture import TRAIN, VAL, Row
from data.source import resolve
from service.artifact import LABELS
from service.cores import usable_cores
from service.images import crop_to_network, decode, shrink_for_training
from training.augmentation import Augmentation
from training.errors import TrainingError

Batch = tuple[Tensor, Tensor]  # ([B,] 224, 224, 3) uint8 RGB, and ([B]) float32: 1 for a dog
Key = tuple[int, int]  # epoch and index


class CentralSquares(Dataset[Batch]):
    """Pictures exactly as the service sees them."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.rows = rows

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> Batch:
        row = self.rows[index]
        pixels = crop_to_network(decode(read_bytes(row)))
        return torch.from_numpy(pixels.copy()), is_dog(row)


class AugmentedPictures(Dataset[Batch]):
    """Training pictures, another view of each in every epoch.

    An item's key is `(epoch, index)`, and its random numbers follow from that and the
    seed alone: no two epochs, pictures or workers draw the same, and neither the number
    of workers nor an interruption changes what is drawn.
    """

    def __init__(self, rows: Sequence[Row], seed: int, augmentation: Augmentation) -> None:
        self.rows = rows
        self.seed = seed
        self.augmentation = augmentation

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, key: Key) -> Batch:
        epoch, index = key
        row = self.rows[index]
        image = shrink_for_training(decode(read_bytes(row)))
        view = self.augmentation(image, stable_seed(self.seed, epoch, index))
        return torch.from_numpy(view), is_dog(row)


class EpochSampler(Sampler[Key]):
    """Shuffles by seed and epoch, and hands the epoch on to the data set in the key."""

    def __init__(self, length: int, seed: int) -> None:
        self.length = length
        self.seed = seed
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Lightning calls this before each epoch, after a resume too."""
        self.epoch = epoch

    def __len__(self) -> int:
        return self.length

    def __iter__(self) -> Iterator[Key]:
        order = np.random.default_rng([self.seed, self.epoch]).permutation(self.length)
        return iter([(self.epoch, int(index)) for index in order])


def is_dog(row: Row) -> Tensor:
    """1.0 for a dog, 0.0 for a cat; a float32 scalar."""
    return torch.tensor(float(LABELS.index(row.label)))


def stable_seed(*parts: int) -> int:
    """A 32-bit seed from integers; the same in every process and version."""
    text = ",".join(map(str, parts)).encode()
    return int.from_bytes(hashlib.sha256(text).digest()[:4], "big")


class PictureData(pl.LightningDataModule):
    """Training and validation pictures of one source."""

    def __init__(
        self,
        source: str = "starter",
        batch_size: int = 32,
        workers: int | None = None,
        min_area: float = 0.4,
        manifest: Path | None = None,
        previous: Path | None = None,
    ) -> None:
        """
        Args:
            source: `starter`, `oxford-pets`, or a folder of labelled pictures.
            batch_size: pictures a step.
            workers: processes that decode and augment; 0 does it in the main process. By
                default one less than the cores, and at least one.
            min_area: smallest part of a picture that a training crop shows, 0 to 1.
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
        ):
            if not is_fine:
                raise TrainingError(f"data.{name} is {value}; it must be {allowed}.")
        self.source = source
        self.batch_size = batch_size
        self.workers = max(1, usable_cores() - 1) if workers is None else workers
        self.min_area = min_area
        self.manifest_path = manifest
        self.previous_path = previous
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
        manifest = build(resolve(self.source), previous)
        if self.manifest_path is not None:
            self.manifest_path.parent.mkdir(parents=True, exist_ok=True)
            manifest.save(self.manifest_path)
        return manifest

    def train_dataloader(self) -> DataLoader[Batch]:
        """Augmented views, shuffled anew each epoch."""
        seed = torch.initial_seed() % 2**32
        rows = self.manifest.part(TRAIN)
        data = AugmentedPictures(rows, seed, Augmentation(self.min_area))
        return self._loader(data, sampler=EpochSampler(len(rows), seed))

    def val_dataloader(self) -> DataLoader[Batch]:
        """Validation pictures, as the service sees them."""
        return self.squares(VAL)

    def squares(self, part: str) -> DataLoader[Batch]:
        """Any part's cats and dogs, in the manifest's order, as the service sees them."""
        return self._loader(CentralSquares(self.manifest.part(part)))

    def _loader(
        self, data: Dataset[Batch], sampler: Sampler[Key] | None = None
    ) -> DataLoader[Batch]:
        return DataLoader(
            data,
            batch_size=self.batch_size,
            sampler=sampler,
            num_workers=self.workers,
            pin_memory=torch.cuda.is_available(),
            # A lone last picture would make a step of one; validation keeps all.
            drop_last=False,
        )
