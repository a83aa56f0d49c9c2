"""Each variant of AlexNet, trained from several seeds."""

import time
from typing import NamedTuple

import numpy as np

from lessons import kept
from lessons.alexnet.figures import WHOLE, Figures, Row
from lessons.alexnet.network import centre
from lessons.alexnet.variants import VARIANTS
from lessons.counting import parameters
from lessons.pets import trial
from lessons.pets.classifier import PetClassifier
from lessons.pets.noise import difference
from lessons.pets.pictures import Pictures, pictures
from lessons.pets.trials import side_by_side

SEEDS = (1, 2, 3)
EPOCHS, BATCH = 15, 32


class _Done(NamedTuple):
    right: np.ndarray  # (N,) bool
    loss: float
    cpu_s: float


def train() -> Figures:
    """Each variant from each seed."""
    began = time.monotonic()
    train_set, test_set = pictures()
    tasks = [(name, seed) for name in VARIANTS for seed in SEEDS]
    done = dict(zip(tasks, side_by_side(_trained, tasks, _said), strict=True))
    of = {name: [done[name, seed] for seed in SEEDS] for name in VARIANTS}
    return Figures(
        run=kept.run(time.monotonic() - began, "torch", "pytorch-lightning"),
        seeds=SEEDS,
        epochs=EPOCHS,
        batch=BATCH,
        n_train=len(train_set.labels),
        n_test=len(test_set.labels),
        rows=[_row(name, trials, of[WHOLE]) for name, trials in of.items()],
    )


def _trained(task: tuple[str, int]) -> _Done:
    name, seed = task
    make, make_optimizer, augment = VARIANTS[name]
    train_set, test_set = pictures()
    done = trial.train(
        lambda: PetClassifier(make(), make_optimizer, augment),
        train_set,
        epochs=EPOCHS,
        batch=BATCH,
        seed=seed,
    )
    right = trial.right(done.network, Pictures(centre(test_set.images), test_set.labels))
    return _Done(right.numpy(), done.losses[-1], done.cpu_s)


def _row(name: str, trials: list[_Done], whole: list[_Done]) -> Row:
    right = np.stack([t.right for t in trials])
    gain, half_width = difference(right, np.stack([t.right for t in whole]))
    return Row(
        name=name,
        parameters=parameters(VARIANTS[name].make()),
        right=right.sum(1).tolist(),
        loss=round(float(np.mean([t.loss for t in trials])), 4),
        cpu_s=round(float(np.mean([t.cpu_s for t in trials])), 1),
        gain=0.0 if name == WHOLE else round(gain, 4),
        half_width=0.0 if name == WHOLE else round(half_width, 4),
    )


def _said(task: tuple[str, int], done: _Done) -> str:
    name, seed = task
    return f"{name}, seed {seed}: {done.right.mean():.1%} right, {done.cpu_s:.0f} s of one core"
