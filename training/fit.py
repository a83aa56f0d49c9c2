"""`python -m training fit`: LightningCLI, wired to a run folder."""

import csv
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from jsonargparse import Namespace
from pytorch_lightning.callbacks import EarlyStopping, ModelCheckpoint
from pytorch_lightning.cli import LightningArgumentParser, LightningCLI
from pytorch_lightning.loggers import CSVLogger, TensorBoardLogger
from pytorch_lightning.utilities.exceptions import SIGTERMException

from data.errors import DataError
from data.manifest import Manifest
from data.source import NAMED
from training import checkpoints
from training import run as runs
from training.arguments import ArgumentParser
from training.datamodule import PictureData
from training.errors import TrainingError
from training.features import has_bf16
from training.module import CatDog
from training.progress import PictureProgress
from training.stage_one import SolveHead

MONITOR = "val/log_loss"


class TrainingCLI(LightningCLI):
    """Adds a run folder, resuming, and bf16 where the hardware has it, to LightningCLI."""

    run: runs.Run

    def add_arguments_to_parser(self, parser: LightningArgumentParser) -> None:
        parser.add_argument(
            "--resume",
            type=bool,
            default=True,
            help="Go on with an interrupted run of the very same configuration.",
        )
        parser.add_argument(
            "--patience",
            type=int,
            default=3,
            help="Stop after this many epochs without gain.",
        )

    def before_instantiate_classes(self) -> None:
        config = self.config.fit
        if config.data.source not in NAMED:  # one folder, one spelling
            config.data.source = str(Path(config.data.source).expanduser().resolve())
        text = self.parser.dump(self.config, skip_none=False) + _decided(config.data)
        found = runs.unreleased(text) if config.resume else None
        if found and not _has_its_pictures(found):
            found = None
        self.run = found or runs.start(config.data.source, text)
        config.data.manifest = self.run.manifest
        config.data.previous = runs.previous_manifest(config.data.source, besides=self.run)
        if config.trainer.precision is None:
            config.trainer.precision = _auto_precision(config.trainer.accelerator)
        device = "GPU" if _has_gpu(config.trainer.accelerator) else "CPU"
        print(f"Training on the {device}, precision {config.trainer.precision}", flush=True)
        if self.run.last.is_file():
            config.ckpt_path = str(self.run.last)
            config.weights_only = True  # nothing is unpickled
            print(f"Resuming {self.run.folder}", flush=True)
        else:
            print(f"Run folder {self.run.folder}", flush=True)

    def instantiate_classes(self) -> None:
        with self._leaving_nothing_behind():
            super().instantiate_classes()

    @contextmanager
    def _leaving_nothing_behind(self) -> Iterator[None]:
        """A run that failed before it had a checkpoint is removed."""
        try:
            yield
        except Exception:
            self.run.discard_if_empty()
            raise

    def instantiate_trainer(self, **kwargs: Any) -> pl.Trainer:
        folder, places = self.run.folder, self.run.checkpoints
        kwargs["logger"] = [
            CSVLogger(folder, name="", version=""),
            TensorBoardLogger(folder, name="tensorboard", version=""),
        ]
        kwargs["plugins"] = [checkpoints.WholeCheckpoints()]
        best = ModelCheckpoint(places, "best", monitor=MONITOR, enable_version_counter=False)
        last = ModelCheckpoint(places, "last", enable_version_counter=False)  # each epoch
        stop = EarlyStopping(MONITOR, patience=self.config.fit.patience)
        callbacks = [SolveHead(places), best, last, stop, PictureProgress(refresh_rate=5)]
        self.trainer_defaults["callbacks"] = callbacks
        trainer: pl.Trainer = super().instantiate_trainer(**kwargs)
        return trainer

    def fit(self, model: CatDog, datamodule: PictureData, **kwargs: Any) -> None:
        """Run Lightning's fit, unless this run is trained already."""
        if self.run.state["state"] == runs.TRAINED:
            print("Trained before, not released yet: nothing to train.", flush=True)
            return
        if self.run.last.is_file():
            reached = checkpoints.reached(self.run.last)
            datamodule.first_epoch = reached.epochs
            _keep_metrics(self.trainer.logger, reached.steps)
        with self._leaving_nothing_behind():
            print(f"Pictures: {_counts(datamodule.manifest)}", flush=True)  # before any download
            try:
                self.trainer.fit(model, datamodule=datamodule, **kwargs)
            except SIGTERMException as exc:  # Lightning's way out; its exit status would be 0
                raise KeyboardInterrupt from exc
            except DataError as exc:
                raise DataError(
                    f"{exc} Or begin a new run with the pictures as they are: --resume false."
                ) from exc
            if self.trainer.interrupted:
                raise KeyboardInterrupt
            if not self.run.last.is_file():
                raise TrainingError(
                    "Nothing was trained: the settings of the trainer (--trainer.max_epochs, "
                    "--trainer.limit_train_batches and the like) leave no whole epoch."
                )
        self.run.record(state=runs.TRAINED)
        print(f"Trained: {self.run.folder}", flush=True)


def _decided(data: Namespace) -> str:
    """What the files of decisions say: with other decisions it is another run."""
    files = [Path(path) for path in (data.exclude, data.relabel) if path]
    return "".join(file.read_text(errors="replace") for file in files if file.is_file())


def _has_its_pictures(run: runs.Run) -> bool:
    """Whether an interrupted run can go on: its pictures must be there."""
    try:
        if run.manifest.is_file():
            Manifest.load(run.manifest).check()
    except DataError as exc:
        print(f"{run.folder} cannot go on, a new run begins: {exc}", flush=True)
        return False
    return True


def _counts(manifest: Manifest) -> str:
    parts = (
        f"{split} {counts['cat']} cats and {counts['dog']} dogs"
        for split, counts in manifest.counts.items()
    )
    return f"{', '.join(parts)}; {len(manifest.excluded)} files left out"


def _keep_metrics(logger: CSVLogger, steps: int) -> None:
    """Go on with the metrics.csv of an interrupted run, which CSVLogger deletes as it opens it.

    Args:
        steps: as many are in the checkpoint; lines of later ones will be written again.
    """
    path = Path(logger.log_dir) / "metrics.csv"
    rows = list(csv.DictReader(path.read_text().splitlines())) if path.is_file() else []
    writer = logger.experiment
    if rows:
        writer.metrics = [row for row in rows if int(row["step"]) < steps]
        writer.save()


def _has_gpu(accelerator: str) -> bool:
    return accelerator != "cpu" and torch.cuda.is_available()


def _auto_precision(accelerator: str) -> str:
    device = torch.device("cuda" if _has_gpu(accelerator) else "cpu")
    return "bf16-mixed" if has_bf16(device) else "32-true"


# Lightning's advice on what is meant to be as it is.
_KNOWN = (
    "LightningCLI's args parameter is intended to run from within Python",
    "Experiment logs directory .* exists and is not empty",
    r"`isinstance\(treespec, LeafSpec\)` is deprecated",
    r"Found \d+ module\(s\) in eval mode at the start of training",
    "The '.*_dataloader' does not have many workers",
)


def main(args: list[str]) -> None:
    """Parse and run; `args` begin with the subcommand."""
    for message in _KNOWN:
        warnings.filterwarnings("ignore", message)
    # Not the tips and the list of accelerators that are not there; `before_instantiate_classes`
    # says what is used.
    logging.getLogger("pytorch_lightning.utilities.rank_zero").setLevel(logging.WARNING)
    logging.getLogger("lightning_fabric.utilities.seed").setLevel(logging.WARNING)
    TrainingCLI(
        CatDog,
        PictureData,
        args=args,
        parser_class=ArgumentParser,
        save_config_kwargs={"overwrite": True},
        seed_everything_default=1,
        auto_configure_optimizers=False,
        parser_kwargs={"fit": {"default_env": False}},
    )
