"""OpenVINO, on the CPU."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path

import numpy as np
import openvino as ov

from service.artifact import OPENVINO, Precision
from service.cores import usable_cores
from service.engine import Engine, Run, require


@cache
def core() -> ov.Core:
    """One Core for the life of the process.

    Each lends its thread a stack for signals and frees it when it goes; once two of them
    have gone, the next signal with a handler, such as SIGCHLD under torch's data loaders,
    ends the process (OpenVINO 2026.4).
    """
    return ov.Core()


class OpenVinoEngine(Engine):
    """An artifact's graph on the CPU."""

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
        threads = threads or usable_cores()
        self._path = folder / graph
        self._config = {
            "INFERENCE_PRECISION_HINT": "f32" if precision == "f32" else "bf16",
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_NUM_THREADS": threads,
            # Each process counts cores from the first: several would all be on the same.
            "ENABLE_CPU_PINNING": threads >= usable_cores(),
        }
        self.name = f"OpenVINO on the CPU, {precision}, {threads} threads"
        super().__init__()

    def warm_up(self, sizes: Iterable[int]) -> None:
        """One picture: no size that comes for the first time took a tenth longer than again."""
        super().warm_up(list(sizes)[:1])

    def _compile(self, outputs: Sequence[str]) -> Run:
        graph = core().read_model(self._path)
        require(outputs, {name for output in graph.outputs for name in output.names})
        wanted = [graph.output(name) for name in outputs]
        pruned = ov.Model([output.get_node() for output in wanted], graph.get_parameters())
        request = core().compile_model(pruned, "CPU", self._config).create_infer_request()

        def run(pixels: np.ndarray) -> Mapping[str, np.ndarray]:
            result: Mapping[str, np.ndarray] = request.infer({"pixels": pixels})
            return result

        return run
