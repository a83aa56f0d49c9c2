"""`python -m training fit`: LightningCLI, wired to a run folder."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.callbacks import EarlyStopping, ModelCheckpoint
from pytorch_lightning.cli import LightningArgumentParser, LightningCLI
from pytorch_lightning.loggers import CSVLogger, TensorBoardLogger
from pytorch_lightning.strategies import DDPStrategy
from pytorch_lightning.utilities.exceptions import SIGTERMException

from data.errors import DataError
from data.manifest import Manifest
from data.picture import summed_up
from data.source import NAMED, expanded
from service.artifact import NEITHER
from training import advice, checkpoints, hardware, metrics_csv, refusals, resumption
from training import run as runs
from training.arguments import ArgumentParser
from training.datamodule import PictureData
from training.errors import TrainingError
from training.joining import join
from training.module import CatDog
from training.pictures import default_workers
from training.processes import EndAtOnce, LostProcess, Processes
from training.progress import PictureProgress
from training.stage_one import SolveHead
from training.stopping import StayStopped
from training.supervision import LOST, is_supervised

MONITOR = "val/log_loss"
TIMEOUT_S = 600  # a step that takes so long is none
MAX_SEED = 2**32 - 1  # NumPy's


class TrainingCLI(LightningCLI):
    """Adds to LightningCLI a run folder, resuming, several processes, bf16 where there is any."""

    arguments: list[str]
    processes: Processes
    run: runs.Run
    resumes: bool

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
        parser.add_argument(
            "--timeout_s",
            type=int,
            default=TIMEOUT_S,
            help="Of several processes, stop all if one takes longer for a step.",
        )

    def parse_arguments(self, parser: LightningArgumentParser, args: list[str]) -> None:
        self.arguments = args
        try:
            super().parse_arguments(parser, args)
        except UnicodeDecodeError as exc:
            raise TrainingError(
                f"The file of --config is no UTF-8: {exc.reason} at byte {exc.start}. Save it as "
                "UTF-8."
            ) from exc
        seed = self.config.fit.seed_everything
        if not 0 <= seed <= MAX_SEED:
            raise TrainingError(f"seed_everything is {seed}; it must be 0 to {MAX_SEED}.")
        if self.config.fit.ckpt_path is not None:
            checkpoints.require_ours(Path(self.config.fit.ckpt_path))

    def before_instantiate_classes(self) -> None:
        config = self.config.fit
        devices = hardware.count(config.trainer.devices, config.trainer.accelerator)
        count = devices * config.trainer.num_nodes
        if config.timeout_s < 1:
            raise TrainingError(f"timeout_s is {config.timeout_s}; it must be at least 1.")
        if config.data.manifest is not None:
            raise TrainingError(
                f"data.manifest is {config.data.manifest}; every run writes its own. To keep the "
                "parts that pictures have in that one, give it as data.previous."
            )
        for name in ("exclude", "relabel", "previous"):
            if (path := config.data[name]) is not None:
                config.data[name] = expanded(str(path))
        if count > 1 and config.data.batch_size < count:
            raise TrainingError(
                f"data.batch_size is {config.data.batch_size}, for all processes together; it must "
                f"be at least 1 for each of {count}."
            )
        self.processes = join(count)
        if self.processes.count < count:
            from training import launch  # what nobody else needs

            # What makes no sense is told here, once, and not by each of them.
            self.parser.instantiate_classes(self.config)
            command = [sys.executable, "-m", "training", *self.arguments]
            launch.run(command, devices, config.trainer.num_nodes)
            raise SystemExit(0)
        if config.data.source not in NAMED:  # one folder, one spelling
            config.data.source = str(expanded(config.data.source).resolve())
        told = self.processes.shared("run", self._begin)
        self.run = runs.Run(Path(told["folder"]))
        self.processes.require(self.run.folder)
        if not isinstance(config.trainer.devices, list):
            config.trainer.devices = devices
        config.data.manifest = self.run.manifest
        if config.data.previous is None:
            config.data.previous = runs.previous_manifest(config.data.source, besides=self.run)
        config.trainer.precision = told["precision"]
        if config.data.workers is None and devices > 1:
            config.data.workers = default_workers(devices)
        self.resumes = told["resumes"]
        if self.resumes:
            self.processes.require(self.run.last)
            config.ckpt_path = str(self.run.last)
            config.weights_only = True  # nothing is unpickled

    def _begin(self) -> dict[str, Any]:
        """Find the run to go on with, or start one; what all processes must know of it."""
        config = self.config.fit
        decisions = (config.data.exclude, config.data.relabel)
        text = resumption.described(self._settings(), decisions)
        found = resumption.resumable(text, config.data.source) if config.resume else None
        run = found or runs.start(config.data.source, text)
        run.hold()
        precision = config.trainer.precision or hardware.precision(config.trainer.accelerator)
        device = "GPU" if hardware.has_gpu(config.trainer.accelerator) else "CPU"
        several = f", {self.processes.count} processes" if self.processes.count > 1 else ""
        print(f"Training on the {device}, precision {precision}{several}", flush=True)
        resumes = run.last.is_file()
        print(f"{'Resuming' if resumes else 'Run folder'} {run.folder}", flush=True)
        return {"folder": str(run.folder), "precision": precision, "resumes": resumes}

    def _settings(self) -> str:
        """What is trained. By how many processes is no part of it: any number may go on.

        Nor is it how many read pictures, or that no earlier run was to be gone on with.
        """
        config = self.config.clone()
        config.fit.trainer.devices = config.fit.trainer.num_nodes = 1
        config.fit.data.workers = None
        config.fit.timeout_s = TIMEOUT_S
        config.fit.resume = True
        settings: str = self.parser.dump(config, skip_none=False)
        return settings

    def instantiate_classes(self) -> None:
        with self._leaving_nothing_behind():
            super().instantiate_classes()

    @contextmanager
    def _leaving_nothing_behind(self) -> Iterator[None]:
        """A run that failed before it had a checkpoint is removed."""
        try:
            yield
        except Exception:
            if self.processes.is_first:
                self.run.discard_if_empty()
            raise

    def instantiate_trainer(self, **kwargs: Any) -> pl.Trainer:
        folder, places = self.run.folder, self.run.checkpoints
        kwargs["logger"] = [
            CSVLogger(folder, name="", version=""),
            TensorBoardLogger(folder, name="tensorboard", version=""),
        ]
        kwargs["plugins"] = [checkpoints.WholeCheckpoints()]
        # Else Lightning saves after validation, wherever in an epoch --trainer.val_check_interval
        # and its like have put it.
        last = ModelCheckpoint(
            places, "last", save_on_train_epoch_end=True, enable_version_counter=False
        )
        stop = EarlyStopping(MONITOR, patience=self.config.fit.patience)
        solve = SolveHead(places, self.processes)
        callbacks = [solve, last, stop, StayStopped(), PictureProgress(refresh_rate=5)]
        if self.processes.count > 1:
            timeout = timedelta(seconds=self.config.fit.timeout_s)
            # Batch norms are frozen: there is nothing in them to synchronize.
            kwargs["strategy"] = DDPStrategy(timeout=timeout, gradient_as_bucket_view=True)
            kwargs["use_distributed_sampler"] = False  # batches are sliced: `training.slices`
            kwargs["plugins"].append(self.processes.environment)
            callbacks.insert(0, EndAtOnce())
        self.trainer_defaults["callbacks"] = callbacks
        with refusals.of_settings():
            trainer: pl.Trainer = super().instantiate_trainer(**kwargs)
        return trainer

    def fit(self, model: CatDog, datamodule: PictureData, **kwargs: Any) -> None:
        """Run Lightning's fit, unless this run is trained already."""
        state = self.processes.shared("state", lambda: self.run.state["state"])
        if state in (runs.TRAINED, runs.RELEASED):
            lacking = "not released yet" if state == runs.TRAINED else "the report is not written"
            self._say(f"Trained before, {lacking}: nothing to train.")
            if self.processes.is_first and state == runs.TRAINED:
                self.run.record_trained()
            self.processes.part()
            return
        if self.resumes:
            reached = checkpoints.reached(self.run.last)
            datamodule.first_epoch = reached.epochs
            model.resumes = True
            if self.processes.is_first:
                metrics_csv.keep(self.trainer.logger, reached.steps)
        with self._leaving_nothing_behind(), self.processes.united():
            counts = self.processes.shared("manifest", lambda: _counts(datamodule.manifest))
            self._say(f"Pictures: {counts}")  # before any download
            self.processes.require(self.run.manifest)  # or another process would build its own
            if self.processes.count > 1 and not self.resumes:
                weights = self.processes.shared("weights", model.fetch)
                if not self.processes.is_first:
                    model.build(*weights)
            try:
                with refusals.of_readers(self.trainer):
                    self.trainer.fit(model, datamodule=datamodule, **kwargs)
            except SIGTERMException as exc:  # Lightning's way out; its exit status would be 0
                raise KeyboardInterrupt from exc
            except SystemExit as exc:  # its way out after Ctrl-C; status 1
                if self.trainer.interrupted:
                    raise KeyboardInterrupt from exc
                raise
            except DataError as exc:
                raise resumption.with_a_way_out(exc) from exc
            if self.processes.is_first and not self.run.last.is_file():
                raise TrainingError(
                    "Nothing was trained: the settings of the trainer (--trainer.max_epochs, "
                    "--trainer.limit_train_batches and the like) leave no whole epoch."
                )
        if self.processes.is_first:
            self.run.record_trained()
        self._say(f"Trained: {self.run.folder}")

    def _say(self, line: str) -> None:
        """Print it once, however many processes there are."""
        if self.processes.is_first:
            print(line, flush=True)


def _counts(manifest: Manifest) -> str:
    has_neither = any(row.label == NEITHER for row in manifest.rows)
    parts = (
        f"{split} {of['cat']} cats, {of['dog']} dogs and {of[NEITHER]} of neither"
        if has_neither
        else f"{split} {of['cat']} cats and {of['dog']} dogs"
        for split, of in manifest.counts.items()
    )
    return f"{'; '.join(parts)}; {summed_up(manifest.excluded)}"


def main(args: list[str]) -> None:
    """Parse and run; `args` begin with the subcommand. Started as one of several, be one."""
    advice.hush()
    try:
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
    except (LostProcess, KeyboardInterrupt) as exc:
        if not is_supervised():
            raise
        # Whoever started this process and its like says it once for all.
        raise SystemExit(LOST if isinstance(exc, LostProcess) else 130) from exc
