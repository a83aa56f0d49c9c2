"""What runs batches of pictures through an exported graph, whatever with."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from threading import Lock
from typing import NamedTuple

import numpy as np

from service import images
from service.artifact import ArtifactError
from service.sight import MAP, SIGHT, Sight, sight

SCORES = ("logits", "novelty")

Run = Callable[[np.ndarray], Mapping[str, np.ndarray]]


class Scores(NamedTuple):
    """What the graph says of B pictures, before calibration.

    logits: (B, 2) float32, in the order of `service.artifact.LABELS`.
    novelty: (B,) float32, 0 to 1.
    """

    logits: np.ndarray
    novelty: np.ndarray


class ScoresAndMap(NamedTuple):
    """What the graph says of B pictures, and which places it says it for.

    activation_map: (B, 7, 7) float32, each place's contribution to the dog's log-odds: over
        0 speaks for a dog, under 0 for a cat. Its mean over places is `logits[:, 1] -
        logits[:, 0]` (Zhou et al., 2015, arXiv 1512.04150).
    """

    scores: Scores
    activation_map: np.ndarray


class Engine(ABC):
    """A loaded graph, ready for batches of any size, from several threads at once.

    Scoring runs nothing but what scores need. What else there is to ask gets a graph of its
    own, when it is first asked for or by `prepare_to_see`: that of a ResNet-50 takes half a
    second and some 80 MB.

    name: what it runs with, where and in which precision, for people.
    """

    name: str

    def __init__(self) -> None:
        self._runs: dict[Sequence[str], Run] = {SCORES: self._compile(SCORES)}
        self._compiling = Lock()

    def __call__(self, pixels: np.ndarray) -> Scores:
        """Score a batch.

        Args:
            pixels: (B, 224, 224, 3) uint8, RGB; B at least 1.
        Raises:
            ValueError: another shape or dtype.
        """
        return _scores(self._run(pixels, SCORES))

    def explain(self, pixels: np.ndarray) -> ScoresAndMap:
        """Score a batch, and say which places spoke for which animal; as quick as scoring.

        Args:
            pixels: (B, 224, 224, 3) uint8, RGB; B at least 1.
        Raises:
            ValueError: another shape or dtype.
            ArtifactError: the graph was exported without activation maps.
        """
        result = self._run(pixels, (*SCORES, MAP))
        return ScoresAndMap(_scores(result), result[MAP])

    def see(self, pixels: np.ndarray) -> Sight:
        """Say what all of the network responded to in one picture.

        Args:
            pixels: (1, 224, 224, 3) uint8, RGB.
        Raises:
            ValueError: another shape or dtype.
            ArtifactError: the graph was exported without its stages.
        """
        return sight(self._run(pixels, SIGHT))

    def prepare_to_see(self) -> None:
        """Make the graph that `see` runs. Another thread may do this while scores are asked for.

        Raises:
            ArtifactError: the graph was exported without its stages.
        """
        self._compiled(SIGHT)

    def warm_up(self, sizes: Iterable[int]) -> None:
        """Do what the first callers of batches of these sizes would wait for."""
        for size in sizes:
            self(np.zeros((size, images.SIDE, images.SIDE, 3), np.uint8))

    def _run(self, pixels: np.ndarray, outputs: Sequence[str]) -> Mapping[str, np.ndarray]:
        """The outputs by name."""
        if pixels.dtype != np.uint8 or pixels.ndim != 4 or pixels.shape[3] != 3:
            raise ValueError(
                f"pixels must be (B, H, W, 3) uint8, got {pixels.shape} {pixels.dtype}"
            )
        return self._compiled(outputs)(pixels)

    def _compiled(self, outputs: Sequence[str]) -> Run:
        if (run := self._runs.get(outputs)) is not None:  # while another is being compiled, too
            return run
        with self._compiling:
            if outputs not in self._runs:
                self._runs[outputs] = self._compile(outputs)
            return self._runs[outputs]

    @abstractmethod
    def _compile(self, outputs: Sequence[str]) -> Run:
        """Make ready the part of the graph that these outputs need.

        Returns:
            what runs it, from any thread; each result is the caller's own.
        Raises:
            ArtifactError: the graph lacks one of them; see `require`.
        """


def require(outputs: Sequence[str], found: Iterable[str]) -> None:
    """Raises: ArtifactError: what was found is not all that is wanted."""
    missing = sorted(set(outputs) - set(found))
    if missing:
        raise ArtifactError(
            f"This model's graph does not give {', '.join(missing)}: it was exported by an "
            "earlier version. Export it again."
        )


def _scores(result: Mapping[str, np.ndarray]) -> Scores:
    return Scores(result["logits"], result["novelty"])
