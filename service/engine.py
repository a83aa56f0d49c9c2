"""What runs batches of pictures through an exported graph, whatever with."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np

from service import images
from service.artifact import ArtifactError

MAP = "activation_map"  # an output of graphs that can explain themselves


class Scores(NamedTuple):
    """What the graph says of B pictures, before calibration.

    logits: (B, 2) float32, in the order of `service.artifact.LABELS`.
    novelty: (B,) float32, 0 to 1.
    """

    logits: np.ndarray
    novelty: np.ndarray


class Explanation(NamedTuple):
    """What the graph says of B pictures, and which places it says it for.

    activation_map: (B, 7, 7) float32, each place's contribution to the dog's log-odds: over
        0 speaks for a dog, under 0 for a cat. Its mean over places is `logits[:, 1] -
        logits[:, 0]` (Zhou et al., 2015, arXiv 1512.04150).
    """

    scores: Scores
    activation_map: np.ndarray


class Engine(ABC):
    """A loaded graph, ready for batches of any size. Not thread-safe: one caller at a time.

    name: what it runs with, where and in which precision, for people.
    has_maps: whether it can explain.
    """

    name: str
    has_maps: bool

    def __call__(self, pixels: np.ndarray) -> Scores:
        """Score a batch.

        Args:
            pixels: (B, 224, 224, 3) uint8, RGB; B at least 1.
        Raises:
            ValueError: another shape or dtype.
        """
        return _scores(self._checked(pixels))

    def explain(self, pixels: np.ndarray) -> Explanation:
        """Score a batch, and say which places spoke for which animal; as quick as scoring.

        Args:
            pixels: (B, 224, 224, 3) uint8, RGB; B at least 1.
        Raises:
            ValueError: another shape or dtype.
            ArtifactError: the graph was exported without activation maps.
        """
        if not self.has_maps:
            raise ArtifactError("This model's graph has no activation maps. Export it again.")
        result = self._checked(pixels)
        return Explanation(_scores(result), result[MAP].copy())

    def warm_up(self, sizes: Iterable[int]) -> None:
        """Do what the first callers of batches of these sizes would wait for."""
        for size in sizes:
            self(np.zeros((size, images.SIDE, images.SIDE, 3), np.uint8))

    def _checked(self, pixels: np.ndarray) -> Mapping[str, np.ndarray]:
        if pixels.dtype != np.uint8 or pixels.ndim != 4 or pixels.shape[3] != 3:
            raise ValueError(
                f"pixels must be (B, H, W, 3) uint8, got {pixels.shape} {pixels.dtype}"
            )
        return self._infer(pixels)

    @abstractmethod
    def _infer(self, pixels: np.ndarray) -> Mapping[str, np.ndarray]:
        """The graph's outputs by name; the next call may overwrite them."""


def _scores(result: Mapping[str, np.ndarray]) -> Scores:
    """Copies: the graph's own outputs are overwritten by the next batch."""
    return Scores(result["logits"].copy(), result["novelty"].copy())
