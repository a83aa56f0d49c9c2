"""What the pretrained network, and heads solved on its features, say of every picture."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from scipy.special import expit

from data.picture import Row
from service.artifact import LABELS
from training import weights
from training.audit import neighbours, out_of_fold
from training.calibration import temperature
from training.features import cached_features
from training.network import OTHER_CLASSES, PET_CLASSES, CatDogNet, imagenet_direction

_NORMAL = 1.4826  # standard deviations in a normal distribution's median absolute deviation


class Evidence(NamedTuple):
    """Of N pictures, in the order of their rows. No picture has a say in its own case.

    p_dog: (N,) 0 to 1, out of fold and calibrated.
    strangeness: (N,) how unlike a cat or a dog it is, in standard deviations of the cats
        and dogs.
    groups: (N,) int, equal for near duplicates.
    features: (N, C) float32, of unit length.
    """

    p_dog: np.ndarray
    strangeness: np.ndarray
    groups: np.ndarray
    features: np.ndarray


def gather(rows: Sequence[Row], backbone: str, source: str) -> Evidence:
    """Look at every picture once, and judge it by the others.

    Args:
        rows: those labelled as a cat or a dog are what the others are judged by.
        backbone, source: see `training.weights.load`.
    Raises:
        TrainingError: no weights are in reach.
        DataError: a picture is gone or has changed.
    """
    pretrained = weights.load(backbone, source)
    print(f"Weights: {pretrained.origin}", flush=True)
    network = CatDogNet(backbone, pretrained.stride_in_1x1)
    network.load_pretrained(pretrained.state)
    network.to("cuda" if torch.cuda.is_available() else "cpu").requires_grad_(False)
    features = cached_features(network, rows, "Features")
    network.cpu()
    is_dog = np.array([LABELS.index(row.label) if row.label in LABELS else -1 for row in rows])
    groups = neighbours.twin_groups(rows, features)
    prior = imagenet_direction(network.imagenet_head)
    logits = out_of_fold.logits(features, is_dog, groups, prior)
    seen = network.imagenet_head(features)  # (N, 1000)
    others, pets = seen[:, OTHER_CLASSES], seen[:, PET_CLASSES]
    novelty = (others.logsumexp(1) - pets.logsumexp(1)).numpy()
    return Evidence(
        p_dog=_calibrated(logits, is_dog),
        strangeness=strangeness(
            novelty - np.abs(logits) / 2,
            neighbours.closeness(features, is_dog >= 0, groups),
            is_dog >= 0,
        ),
        groups=groups,
        features=torch.nn.functional.normalize(features, dim=1).numpy(),
    )


def strangeness(novelty: np.ndarray, closeness: np.ndarray, is_pet: np.ndarray) -> np.ndarray:
    """Novelty and distance from the other cats and dogs, in one figure.

    Each alone misses what the other sees: novelty passes over a drawing of a dog, and
    distance over a man whose portrait has a dog's outlines. docs/audit.md has figures.

    Args:
        novelty, closeness: (N,).
        is_pet: (N,) bool, those that say what is usual.
    Returns:
        (N,) 0 for the usual cat or dog, their standard deviation as the unit; robust, as
        some of the pets may be none.
    """
    total = _deviation(novelty, is_pet) - _deviation(closeness, is_pet)
    found: np.ndarray = total / np.sqrt(2)
    return found


def _deviation(values: np.ndarray, is_usual: np.ndarray) -> np.ndarray:
    middle = np.median(values[is_usual])
    spread = _NORMAL * np.median(np.abs(values[is_usual] - middle))
    found: np.ndarray = (values - middle) / max(spread, np.finfo(np.float32).eps)
    return found


def _calibrated(logits: np.ndarray, is_dog: np.ndarray) -> np.ndarray:
    """(N,) 0 to 1, calibrated on the labels that were given."""
    is_pet = is_dog >= 0
    both = np.stack([-logits[is_pet] / 2, logits[is_pet] / 2], axis=1)
    p_dog: np.ndarray = expit(logits / temperature(both, is_dog[is_pet]))
    return p_dog
