"""What the network saw in one picture: small enough to hand from process to process."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

STAGES = ("stem", "layer1", "layer2", "layer3", "layer4")  # of a ResNet, from edges to parts
MAP = "activation_map"
IMAGENET = "imagenet"
SIGHT = (MAP, IMAGENET, *STAGES)  # outputs of graphs that can explain themselves
STRONGEST = 8  # feature maps that are kept of each stage


class Stage(NamedTuple):
    """The feature maps of one stage that responded most: of the highest mean, descending.

    of: how many maps the stage has.
    channels: (K,) int64, which of them these are; K is 8, or fewer where there are fewer.
    maps: (K, h, w) float32, 0 and over: what a ReLU let through.
    """

    name: str
    of: int
    channels: np.ndarray
    maps: np.ndarray


class Sight(NamedTuple):
    """One picture, as the network saw it.

    activation_map: (7, 7) float32, see `service.engine.ScoresAndMap`.
    imagenet: (1000,) float32, logits of the head that came with the trunk.
    stages: in the order of `STAGES`.
    seconds: that the network took.
    """

    activation_map: np.ndarray
    imagenet: np.ndarray
    stages: tuple[Stage, ...]
    seconds: float = 0.0

    @classmethod
    def of(cls, plain: tuple[Any, ...]) -> "Sight":
        """What BentoML made tuples of on the way from process to process."""
        activation_map, imagenet, stages, seconds = plain
        return cls(activation_map, imagenet, tuple(Stage(*stage) for stage in stages), seconds)


def sight(result: Mapping[str, np.ndarray]) -> Sight:
    """Keep what is shown of a graph's outputs `SIGHT`, for one picture; shares no memory.

    Args:
        result: name -> (1, ...) float32.
    """
    assert len(result[MAP]) == 1
    stages = tuple(_strongest(name, result[name][0]) for name in STAGES)
    return Sight(result[MAP][0].copy(), result[IMAGENET][0].copy(), stages)


def _strongest(name: str, maps: np.ndarray) -> Stage:
    """Args: maps: (C, h, w)."""
    channels = (-maps.mean((1, 2))).argsort(kind="stable")[:STRONGEST]
    return Stage(name, len(maps), channels, maps[channels])
