"""Which engine serves: the artifact's choice, unless the operator or the machine has another."""

import importlib.util
import logging
from pathlib import Path
from typing import get_args

from service import artifact
from service.artifact import Card, Precision
from service.engine import Engine
from service.openvino_engine import OpenVinoEngine
from service.settings import Settings, variable

log = logging.getLogger(__name__)


class EngineError(ValueError):
    """The settings ask for what this model, or this machine, does not have."""


def load(folder: Path, card: Card, settings: Settings, *, threads: int | None = None) -> Engine:
    """The engine that serves an artifact.

    On a GPU where ONNX Runtime finds one: the fp32 graph, in fp16. Else on the CPU: the
    graph and the precision that export chose.

    Args:
        threads: on the CPU; all cores that this process may use, if None.
    Raises:
        EngineError: see there.
    """
    check(card, settings)
    if settings.device != "cpu" and has_gpu():
        from service.onnx_engine import OnnxEngine

        engine = OnnxEngine(folder, "f32" if settings.precision == "f32" else "f16")
        if engine.is_on_gpu:
            return engine
        why = "there is a GPU, but ONNX Runtime cannot use it: see that CUDA and cuDNN are there"
        if settings.device == "gpu":
            raise EngineError(f"{variable('device')} is 'gpu', and {why}.")
        log.warning("%s. The CPU serves instead.", why.capitalize())
    return _on_cpu(folder, card, settings, threads)


def check(card: Card, settings: Settings) -> None:
    """Hold the settings against model and machine; loads no graph.

    Raises:
        EngineError: says which setting cannot be had, and what can.
    """
    device, precision = settings.device, settings.precision
    if device == "gpu" and not has_gpu():
        raise EngineError(
            f"{variable('device')} is 'gpu', but ONNX Runtime finds none here: install "
            "requirements/gpu.txt and NVIDIA's driver, or let it be auto or cpu."
        )
    is_gpu = device != "cpu" and has_gpu()
    possible = ["f16", "f32"] if is_gpu else _cpu_precisions(card)
    if precision not in ("auto", *possible):
        where = "a GPU" if is_gpu else "the CPU"
        raise EngineError(
            f"{variable('precision')} is {precision!r}, but on {where} this model serves in "
            f"{' or '.join(possible)} only. Set it to one of these, or to auto."
        )


def has_gpu() -> bool:
    """Whether there is an ONNX Runtime with CUDA, and a driver for it."""
    if importlib.util.find_spec("onnxruntime") is None or importlib.util.find_spec("onnx") is None:
        return False
    from service.onnx_engine import CUDA, is_here

    return is_here(CUDA)


def _cpu_precisions(card: Card) -> list[str]:
    """int8 only where export kept that graph: where it answers as fp32 does."""
    return [p for p in get_args(Precision) if p != "int8" or card.precision == "int8"]


def _on_cpu(folder: Path, card: Card, settings: Settings, threads: int | None) -> OpenVinoEngine:
    wanted: Precision = next(
        (p for p in get_args(Precision) if p == settings.precision), card.precision
    )
    # Where the graph for OpenVINO is the one in int8, other precisions run the ONNX file.
    is_int8_file = card.precision == "int8" and wanted != "int8"
    graph = artifact.ONNX if is_int8_file else artifact.OPENVINO
    return OpenVinoEngine(folder, wanted, graph=graph, threads=threads)
