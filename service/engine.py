"""Runs batches of pictures through an exported graph. OpenVINO, on the CPU."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
import openvino as ov

from service.artifact import OPENVINO, ArtifactError, Card
from service.cores import usable_cores

Precision = Literal["int8", "bf16", "f32"]
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


@cache
def core() -> ov.Core:
    """One Core for the life of the process.

    Each lends its thread a stack for signals and frees it when it goes; once two of them
    have gone, the next signal with a handler, such as SIGCHLD under torch's data loaders,
    ends the process (OpenVINO 2026.4).
    """
    return ov.Core()


class Engine:
    """A loaded graph, ready for batches of any size. Not thread-safe: one caller at a time."""

    def __init__(
        self,
        folder: Path,
        precision: Precision = "f32",
        *,
        graph: str = OPENVINO,
        threads: int | None = None,
    ) -> None:
        """Load a graph of an artifact.

        Args:
            folder: the artifact.
            precision: what to compute in; `int8` is a property of the graph, whose other
                layers then run in bf16. bf16 falls back to f32 on CPUs without it.
            graph: file to run; the fp32 ONNX file works too.
            threads: defaults to `usable_cores()`.
        """
        config = {
            "INFERENCE_PRECISION_HINT": "f32" if precision == "f32" else "bf16",
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_NUM_THREADS": threads or usable_cores(),
        }
        self._compiled = core().compile_model(str(folder / graph), "CPU", config)
        self._request = self._compiled.create_infer_request()
        self._has_maps = any(MAP in output.names for output in self._compiled.outputs)

    @classmethod
    def for_card(cls, folder: Path, card: Card) -> "Engine":
        """The graph and precision that the artifact's card chose for serving."""
        return cls(folder, card.precision)

    def __call__(self, pixels: np.ndarray) -> Scores:
        """Score a batch.

        Args:
            pixels: (B, 224, 224, 3) uint8, RGB; B at least 1.
        Raises:
            ValueError: another shape or dtype.
        """
        return _scores(self._infer(pixels))

    def explain(self, pixels: np.ndarray) -> Explanation:
        """Score a batch, and say which places spoke for which animal; as quick as scoring.

        Args:
            pixels: (B, 224, 224, 3) uint8, RGB; B at least 1.
        Raises:
            ValueError: another shape or dtype.
            ArtifactError: the graph was exported without activation maps.
        """
        if not self._has_maps:
            raise ArtifactError("This model's graph has no activation maps. Export it again.")
        result = self._infer(pixels)
        return Explanation(_scores(result), result[MAP].copy())

    def _infer(self, pixels: np.ndarray) -> Mapping[str, np.ndarray]:
        if pixels.dtype != np.uint8 or pixels.ndim != 4 or pixels.shape[3] != 3:
            raise ValueError(
                f"pixels must be (B, H, W, 3) uint8, got {pixels.shape} {pixels.dtype}"
            )
        result: Mapping[str, np.ndarray] = self._request.infer({"pixels": pixels})
        return result


def _scores(result: Mapping[str, np.ndarray]) -> Scores:
    """Copies: the graph's own outputs are overwritten by the next batch."""
    return Scores(result["logits"].copy(), result["novelty"].copy())
