"""What each ingredient of fine-tuning is worth on photographs, over several seeds.

python -m benchmarks.ingredients PHOTOGRAPHS [--seeds 3] [--train 800] [--epochs 2]

Each recipe of variants.py is fine-tuned from the same solved head on so many photographs of the
train part, another sample for each seed, and judged on the test part: as it is, and with each
picture corrupted in one of the report's 25 ways. Prints a table, and keeps every seed in
benchmarks/results/ingredients.json: run again, it goes on with the seeds that are missing.
"""

import argparse
import json
import logging
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pytorch_lightning as pl
import torch
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch.utils.data import DataLoader

from benchmarks import record
from benchmarks.ingredients.exam import Exam, Figures
from benchmarks.ingredients.variants import VARIANTS, Variant
from benchmarks.machine import description
from data.manifest import build
from data.picture import TEST, TRAIN, Row
from data.source import resolve
from training import head
from training.augmentation import Augmentation
from training.decoded import Decoder
from training.features import cached_features, has_bf16
from training.network import imagenet_direction
from training.pictures import AugmentedPictures, Batch, EpochSampler, default_workers, targets
from training.selection import mean
from training.stage_one import solved

EMA = get_ema_multi_avg_fn(0.95)
Recipes = dict[str, dict[str, dict[str, float]]]  # recipe -> part -> figures
RESULT = Path(__file__).parent.parent / "results" / "ingredients.json"


@dataclass(frozen=True)
class Lesson:
    """What all variants of one seed share: the pictures, and how long each is fine-tuned."""

    train: tuple[Row, ...]
    seed: int
    epochs: int


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("photographs")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--train", type=int, default=800)
    parser.add_argument("--epochs", type=int, default=2)
    options = parser.parse_args()
    warnings.simplefilter("ignore")  # Lightning's advice
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    manifest = build(resolve(options.photographs))
    exam = Exam(manifest.part(TEST))
    settings = {"train": options.train, "epochs": options.epochs}
    kept = _kept(settings)
    for seed in range(1, options.seeds + 1):
        if str(seed) in kept:
            continue
        lesson = Lesson(_sample(manifest.part(TRAIN), options.train, seed), seed, options.epochs)
        found: Recipes = {}
        for variant in VARIANTS:
            for name, figures in _fine_tune(lesson, variant, exam):
                found[name] = {part: asdict(f) for part, f in figures.items()}
                print(f"seed {seed}, {name}: {found[name]}", flush=True)
        kept[str(seed)] = found
        record.write(RESULT, {"machine": description(), "settings": settings, "seeds": kept})
    for name in next(iter(kept.values())):
        runs = [recipes[name] for recipes in kept.values()]
        print(f"| {name} | " + " | ".join(_cell(runs, part) for part in exam.pictures) + " |")


def _sample(rows: Sequence[Row], count: int, seed: int) -> tuple[Row, ...]:
    chosen = np.random.default_rng(seed).permutation(len(rows))[:count]
    return tuple(rows[i] for i in sorted(chosen))


def _fine_tune(
    lesson: Lesson, variant: Variant, exam: Exam
) -> Iterator[tuple[str, dict[str, Figures]]]:
    """The networks that come of one variant, by name: of the shipped one, all there are."""
    pl.seed_everything(lesson.seed, verbose=False)
    module = variant.module()
    module.configure_model()
    network = module.network
    assert network is not None
    with torch.no_grad():
        network.head.weight.copy_(solved(network, lesson.train)[None])
    is_first = variant is VARIANTS[0]
    start = {name: weight.clone() for name, weight in network.state_dict().items()}
    if is_first:
        prior = imagenet_direction(network.imagenet_head)
        features = cached_features(network, lesson.train, "Features")
        with torch.no_grad():
            network.head.weight.copy_(head.solve(features, targets(lesson.train), prior)[None])
        yield "stage one on clean pictures only", exam(module)
        network.load_state_dict(start)
        yield "stage one", exam(module)
    average = MovingAverage()
    trainer = pl.Trainer(
        accelerator="cpu",
        precision="bf16-mixed" if has_bf16(torch.device("cpu")) else "32-true",
        max_epochs=lesson.epochs,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        use_distributed_sampler=False,
        callbacks=[average] if is_first else [],
    )
    trainer.fit(module, _loader(lesson, variant.augmentation()))
    yield variant.name, exam(module)
    if is_first:
        tuned = {name: weight.clone() for name, weight in network.state_dict().items()}
        network.load_state_dict({name: mean(start[name], tuned[name]) for name in start})
        yield "mean of stage one and stage two", exam(module)
        network.load_state_dict(average.of.module.state_dict())
        yield "moving average of the weights", exam(module)


class MovingAverage(pl.Callback):
    """Exponential moving average of the weights, a step counting for a twentieth."""

    of: AveragedModel

    def on_train_start(self, _: pl.Trainer, module: pl.LightningModule) -> None:
        self.of = AveragedModel(module.network, multi_avg_fn=EMA)

    def on_train_batch_end(self, _: pl.Trainer, module: pl.LightningModule, *__: object) -> None:
        self.of.update_parameters(module.network)


def _loader(lesson: Lesson, augmentation: Augmentation) -> DataLoader[Batch]:
    pictures = AugmentedPictures(lesson.train, lesson.seed, augmentation, Decoder(keeps=True))
    sampler = EpochSampler(len(lesson.train), lesson.seed)
    return DataLoader(pictures, 32, sampler=sampler, num_workers=default_workers())


def _kept(settings: dict[str, int]) -> dict[str, Recipes]:
    """What earlier runs with the same settings measured, by seed."""
    if not RESULT.is_file():
        return {}
    found = json.loads(RESULT.read_text())
    seeds: dict[str, Recipes] = found["seeds"] if found["settings"] == settings else {}
    return seeds


def _cell(runs: Sequence[dict[str, dict[str, float]]], part: str) -> str:
    """Share right, with its deviation between seeds, and log loss."""
    right = [1 - run[part]["wrong"] / run[part]["pictures"] for run in runs]
    spread = f" ± {np.std(right, ddof=1):.2%}" if len(runs) > 1 else ""
    loss = np.mean([run[part]["log_loss"] for run in runs])
    return f"{np.mean(right):.2%}{spread}, {loss:.4f}"


if __name__ == "__main__":
    main()
