"""ONNX Runtime, on an NVIDIA GPU; an optional extra (requirements/gpu.txt)."""

import ctypes
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import onnx
import onnxruntime as ort
from onnxruntime.transformers.float16 import convert_float_to_float16

from service.artifact import ONNX
from service.engine import Engine, Run, require

CPU, CUDA, TENSORRT = (f"{x}ExecutionProvider" for x in ("CPU", "CUDA", "Tensorrt"))
_LIBRARIES = {TENSORRT: "libnvinfer.so.10", CUDA: "libcuda.so.1"}  # what a provider needs


class OnnxEngine(Engine):
    """An artifact's fp32 ONNX graph, in fp16 if so wished."""

    def __init__(
        self,
        folder: Path,
        precision: Literal["f16", "f32"] = "f16",
        *,
        providers: Sequence[str] = (TENSORRT, CUDA),
    ) -> None:
        """Load the graph.

        Args:
            folder: the artifact.
            precision: f16 halves the trunk's weights; what comes after its last feature maps
                stays in fp32, since novelty, a difference of sums of exponentials, needs it.
            providers: ONNX Runtime's, the best first; those that are not here are left out.
        """
        if is_here(CUDA):
            ort.preload_dlls()  # CUDA's and cuDNN's, which come as packages of their own
        self._path = folder / ONNX
        self._precision = precision
        self._providers = [*dict.fromkeys([*filter(is_here, providers), CPU])]
        super().__init__()
        where = self.provider.removesuffix("ExecutionProvider")
        self.name = f"ONNX Runtime on {where}, {precision}"

    @property
    def is_on_gpu(self) -> bool:
        """ONNX Runtime takes the CPU without a word where a library of CUDA's is missing."""
        return self.provider in (CUDA, TENSORRT)

    def _compile(self, outputs: Sequence[str]) -> Run:
        model = onnx.load(self._path)
        made = {output.name: output for output in model.graph.output}
        require(outputs, made)
        del model.graph.output[:]
        model.graph.output.extend(made[name] for name in outputs)
        if self._precision == "f16":
            model = convert_float_to_float16(
                model, keep_io_types=True, node_block_list=heads(model)
            )
        options = ort.SessionOptions()
        options.log_severity_level = 3  # errors
        session = ort.InferenceSession(
            model.SerializeToString(), options, providers=self._providers
        )
        self.provider = session.get_providers()[0]

        def run(pixels: np.ndarray) -> Mapping[str, np.ndarray]:
            return dict(zip(outputs, session.run(outputs, {"pixels": pixels}), strict=True))

        return run


def is_here(provider: str) -> bool:
    """Whether this ONNX Runtime has a provider, and the machine what that needs."""
    if provider not in ort.get_available_providers():
        return False
    try:
        if provider in _LIBRARIES:
            ctypes.CDLL(_LIBRARIES[provider])
    except OSError:
        return False
    return True


def heads(model: onnx.ModelProto) -> list[str]:
    """Names of the nodes after the last feature maps: from the outputs back to a ReLU."""
    makers = {output: node for node in model.graph.node for output in node.output}
    names = set()
    open_ends = [output.name for output in model.graph.output]
    while open_ends:
        node = makers.get(open_ends.pop())
        if node is None or node.op_type == "Relu" or node.name in names:
            continue
        names.add(node.name)
        open_ends += node.input
    return sorted(names)
