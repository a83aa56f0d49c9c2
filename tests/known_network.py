"""An artifact whose answers can be worked out on paper.

Its graph has no weights to speak of. With r, g, b the mean channel values of the
upper half of what the network sees (so that it matters which side is up), logits are
(SHARPNESS * (r - b) / 255, SHARPNESS * (b - r) / 255) and novelty is g / 255. So a red
picture is a cat, a blue one a dog, a green one neither. Pictures of one colour keep
their means through any resize and crop, and can be told apart by their answers.
"""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import openvino as ov
from onnx import TensorProto, helper, numpy_helper
from openvino import opset13 as ops

from service import artifact
from service.artifact import Calibration, Card, Dataset, Recipe

SHARPNESS = 4.0
TEMPERATURE = 2.0
NOVELTY_THRESHOLD = 0.8

# (3, 2): what each mean channel adds to the logits of cat and dog.
_TO_LOGITS = np.array([[1, -1], [0, 0], [-1, 1]], np.float32) * SHARPNESS / 255
_TO_NOVELTY = np.array([0, 1, 0], np.float32) / 255


def p_cat(rgb: tuple[int, int, int]) -> float:
    """Calibrated probability of cat for a picture of one colour."""
    logit = SHARPNESS * (rgb[0] - rgb[2]) / 255 / TEMPERATURE
    return 1 / (1 + math.exp(-2 * logit))


def novelty(rgb: tuple[int, int, int]) -> float:
    """Novelty of a picture of one colour."""
    return rgb[1] / 255


def is_answer_to(
    rgb: tuple[int, int, int], answer: Mapping[str, Any], tolerance: float = 1e-3
) -> bool:
    """Whether an answer of the service is that to a picture of this colour, and no other's."""
    off = abs(answer["probabilities"]["cat"] - p_cat(rgb)), abs(answer["novelty"] - novelty(rgb))
    return bool(max(off) < tolerance)


def write_artifact(folder: Path) -> Card:
    """Write the whole artifact: both graphs and the card with its digests."""
    folder.mkdir(parents=True)
    ov.save_model(_openvino_graph(), folder / artifact.OPENVINO, compress_to_fp16=False)
    onnx.save(_onnx_graph(), folder / artifact.ONNX)
    card = Card(
        calibration=Calibration(temperature=TEMPERATURE, novelty_threshold=NOVELTY_THRESHOLD),
        dataset=Dataset(name="none", digest="0" * 64, counts={}),
        recipe=Recipe(backbone="mean", weights="none", config="", seed=0, stage="none"),
        created="2026-01-01T00:00:00Z",
    )
    return artifact.write_card(folder, card)


def _openvino_graph() -> ov.Model:
    pixels = ops.parameter([-1, 224, 224, 3], np.uint8, name="pixels")
    pixels.output(0).tensor.set_names({"pixels"})
    upper = ops.slice(pixels, [0], [112], [1], [1])
    means = ops.reduce_mean(ops.convert(upper, "f32"), ops.constant([1, 2]), keep_dims=False)
    logits = ops.matmul(means, ops.constant(_TO_LOGITS), False, False)
    novelty_scores = ops.matmul(means, ops.constant(_TO_NOVELTY), False, False)
    logits.output(0).tensor.set_names({"logits"})
    novelty_scores.output(0).tensor.set_names({"novelty"})
    return ov.Model([logits, novelty_scores], [pixels], "known")


def _onnx_graph() -> onnx.ModelProto:
    graph = helper.make_graph(
        [
            helper.make_node("Slice", ["pixels", "first", "last", "rows"], ["upper"]),
            helper.make_node("Cast", ["upper"], ["floats"], to=TensorProto.FLOAT),
            helper.make_node("ReduceMean", ["floats", "means_over"], ["means"], keepdims=0),
            helper.make_node("MatMul", ["means", "to_logits"], ["logits"]),
            helper.make_node("MatMul", ["means", "to_novelty"], ["novelty"]),
        ],
        "known",
        [helper.make_tensor_value_info("pixels", TensorProto.UINT8, ["B", 224, 224, 3])],
        [
            helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["B", 2]),
            helper.make_tensor_value_info("novelty", TensorProto.FLOAT, ["B"]),
        ],
        [
            numpy_helper.from_array(np.array([0], np.int64), "first"),
            numpy_helper.from_array(np.array([112], np.int64), "last"),
            numpy_helper.from_array(np.array([1], np.int64), "rows"),
            numpy_helper.from_array(np.array([1, 2], np.int64), "means_over"),
            numpy_helper.from_array(_TO_LOGITS, "to_logits"),
            numpy_helper.from_array(_TO_NOVELTY, "to_novelty"),
        ],
    )
    opsets = [helper.make_opsetid("", 18)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=9)
    onnx.checker.check_model(model)
    return model
