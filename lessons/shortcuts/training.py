"""Every depth, trained with shortcuts and without."""

import time
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits as cross_entropy

from lessons import kept
from lessons.counting import multiply_adds, parameters
from lessons.pets import trial
from lessons.pets.classifier import PetClassifier
from lessons.pets.pictures import SIDE, pictures
from lessons.pets.trials import side_by_side
from lessons.shortcuts.figures import DEPTHS, Curve, Figures, name
from lessons.shortcuts.network import network

SEED = 1
EPOCHS, BATCH, RATE = 12, 64, 0.05
optimizer = partial(torch.optim.SGD, lr=RATE, momentum=0.9, weight_decay=1e-4)


def train() -> Figures:
    """Every depth, with shortcuts and without, from the same seed."""
    began = time.monotonic()
    train_set, test_set = pictures()
    tasks = [(depth, shortcuts) for depth in reversed(DEPTHS) for shortcuts in (False, True)]
    curves = side_by_side(_curve, tasks, _said)
    return Figures(
        run=kept.run(time.monotonic() - began, "torch", "pytorch-lightning"),
        seed=SEED,
        epochs=EPOCHS,
        n_train=len(train_set.labels),
        n_test=len(test_set.labels),
        curves=curves[::-1],
    )


def _curve(task: tuple[int, bool]) -> Curve:
    depth, shortcuts = task
    train_set, test_set = pictures()
    torch.manual_seed(SEED)
    some = train_set.take(torch.randperm(len(train_set.labels))[:BATCH])
    gradients = gradient_norms(network(depth, shortcuts), *some)
    done = trial.train(
        lambda: PetClassifier(network(depth, shortcuts), optimizer),
        train_set,
        epochs=EPOCHS,
        batch=BATCH,
        seed=SEED,
    )
    return Curve(
        depth=depth,
        shortcuts=shortcuts,
        parameters=parameters(done.network),
        multiply_adds=multiply_adds(done.network, SIDE),
        losses=[round(loss, 4) for loss in done.losses],
        gradients=gradients,
        right=int(trial.right(done.network, test_set).sum()),
        cpu_s=round(done.cpu_s, 1),
    )


def gradient_norms(network: nn.Module, images: Tensor, labels: Tensor) -> list[float]:
    """How strongly the loss pulls at each 3 x 3 convolution, from the first to the last.

    Args:
        images: (B, 3, H, W).
        labels: (B,) float32, 0 or 1.
    """
    loss = cross_entropy(network(images).squeeze(1), labels)
    kernels = [m.weight for m in network.modules() if isinstance(m, nn.Conv2d)]
    gradients = torch.autograd.grad(loss, kernels)
    return [float(f"{gradient.norm().item():.3g}") for gradient in gradients]


def _said(task: tuple[int, bool], curve: Curve) -> str:
    depth, shortcuts = task
    return (
        f"{depth} layers, {name(shortcuts)}: training loss {curve.losses[-1]:.3f} after "
        f"{len(curve.losses)} epochs, {curve.cpu_s:.0f} s of one core"
    )
