"""Each network from scratch, and pretrained."""

import time

import torch
from torchvision import models

from lessons import kept
from lessons.counting import multiply_adds, parameters
from lessons.families.description import pretrained
from lessons.families.figures import NAMES, PUBLISHED_SIDE, Figures, Network
from lessons.families.scratch import from_scratch
from lessons.pets.pictures import pictures
from lessons.pets.trials import side_by_side

SEED = 1
BUDGET = 100e9  # multiply-adds forward, spent by each network; backward costs twice as many


def train() -> Figures:
    """Each network from scratch, then what its weights know where they are in reach."""
    began = time.monotonic()
    _, test_set = pictures()
    networks = side_by_side(_network, list(NAMES)[::-1], _said)  # the dearest first
    return Figures(
        run=kept.run(time.monotonic() - began, "torch", "torchvision", "pytorch-lightning"),
        seed=SEED,
        budget=BUDGET,
        n_test=len(test_set.labels),
        networks=networks[::-1],
    )


def _network(name: str) -> Network:
    with torch.device("meta"):
        shapes = models.get_model(name, num_classes=1)
    return Network(
        name=name,
        parameters=parameters(shapes),
        multiply_adds=multiply_adds(shapes, PUBLISHED_SIDE),
        scratch=from_scratch(name, BUDGET, SEED),
        pretrained=pretrained(name),
    )


def _said(name: str, network: Network) -> str:
    scratch, known = network.scratch, network.pretrained
    text = f"{NAMES[name]}: from scratch {scratch.right} right after {scratch.seen} pictures"
    text += f", {scratch.cpu_s:.0f} s of one core; pretrained "
    if isinstance(known, str):
        return text + "weights not in reach"
    return text + f"{known.right} right, {known.cpu_s:.0f} s"
