"""OpenVINO, on the CPU."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from queue import Empty, SimpleQueue

import numpy as np
import openvino as ov

from service.artifact import OPENVINO, Precision
from service.cores import usable_cores
from service.engine import SCORES, Engine, Run, require


@cache
def core() -> ov.Core:
    """One Core for the life of the process.

    Each lends its thread a stack for signals and frees it when it goes; once two of them
    have gone, the next signal with a handler, such as SIGCHLD under torch's data loaders,
    ends the process (OpenVINO 2026.4).
    """
    return ov.Core()


def has_bf16() -> bool:
    """Whether this processor computes in bf16; where it does not, OpenVINO takes f32."""
    return "BF16" in core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


class OpenVinoEngine(Engine):
    """An artifact's graph on the CPU.

    Fewer pictures than cores are run by all cores together, one behind the other: so a single
    one is answered soonest. More are dealt out, and each core runs its share by itself. Cores
    that share a picture wait for each other after every layer; where one of them has something
    else to do, such as decoding, all of them stand still.
    """

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
        self._threads = threads = threads or usable_cores()
        self._path = folder / graph
        self._config = {
            "INFERENCE_PRECISION_HINT": "f32" if precision == "f32" else "bf16",
            "INFERENCE_NUM_THREADS": threads,
            # Each process counts cores from the first: several would all be on the same.
            "ENABLE_CPU_PINNING": threads >= usable_cores(),
        }
        self.name = f"OpenVINO on the CPU, {precision}, {threads} threads"
        super().__init__()

    def warm_up(self, sizes: Iterable[int]) -> None:
        """One picture, and one a core: other sizes took no tenth longer the first time."""
        del sizes
        super().warm_up({1, self._threads})

    def _compile(self, outputs: Sequence[str]) -> Run:
        together = _Graph(self._pruned(outputs), self._config | {"NUM_STREAMS": 1}, outputs)
        if self._threads == 1 or outputs != SCORES:
            return together.run
        apart = _Graph(
            self._pruned(outputs), self._config | {"NUM_STREAMS": self._threads}, outputs
        )

        def run(pixels: np.ndarray) -> Mapping[str, np.ndarray]:
            if len(pixels) < self._threads:
                return together.run(pixels)
            return apart.run(*np.array_split(pixels, self._threads))

        return run

    def _pruned(self, outputs: Sequence[str]) -> ov.Model:
        graph = core().read_model(self._path)
        require(outputs, {name for output in graph.outputs for name in output.names})
        wanted = [graph.output(name) for name in outputs]
        return ov.Model([output.get_node() for output in wanted], graph.get_parameters())


class _Graph:
    """A compiled graph, and the requests that run it; several threads may run it at once."""

    def __init__(
        self, graph: ov.Model, config: Mapping[str, object], outputs: Sequence[str]
    ) -> None:
        self._outputs = outputs
        self._graph = core().compile_model(graph, "CPU", dict(config))
        self._idle: SimpleQueue[ov.InferRequest] = SimpleQueue()  # as many as ran at once so far

    def run(self, *parts: np.ndarray) -> Mapping[str, np.ndarray]:
        """The outputs of some batches, side by side, as if they had been one.

        Args:
            parts: (B, 224, 224, 3) uint8 RGB each.
        """
        requests = [self._request() for _ in parts]
        for request, pixels in zip(requests, parts, strict=True):
            request.start_async({"pixels": pixels}, share_inputs=True)
        for request in requests:
            request.wait()
        found = {
            name: np.concatenate([request.get_tensor(name).data for request in requests])
            for name in self._outputs
        }
        for request in requests:  # not those of a run that failed: they may be running still
            self._idle.put(request)
        return found

    def _request(self) -> ov.InferRequest:
        try:
            return self._idle.get_nowait()
        except Empty:
            return self._graph.create_infer_request()
