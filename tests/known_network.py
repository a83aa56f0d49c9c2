"""An artifact whose answers can be worked out on paper.

Its graph has no weights to speak of. With r, g, b the mean channel values of the
upper half of what the network sees (so that it matters which side is up), logits are
(SHARPNESS * (r - b) / 255, SHARPNESS * (b - r) / 255) and novelty is g / 255. So a red
picture is a cat, a blue one a dog, a green one neither. Pictures of one colour keep
their means through any resize and crop, and can be told apart by their answers.

It has stages, too. The first of 64 filters looks at red, the next at green, then blue, red
and so on; number k, counted from 1, responds with k / 64 of what it sees, and each further
stage is a mean of 2 x 2 places of the one before. The last stage is red, green and blue of
the upper half, twice, and so its mean is what the logits are made from.
"""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import openvino as ov
from onnx import TensorProto, helper, numpy_helper

from service import artifact
from service.artifact import Calibration, Card, Dataset, Recipe
from service.openvino_engine import core
from service.sight import SIGHT

SHARPNESS = 4.0
TEMPERATURE = 2.0
NOVELTY_THRESHOLD = 0.8

# (3, 2): what each mean channel adds to the logits of cat and dog.
_TO_LOGITS = np.array([[1, -1], [0, 0], [-1, 1]], np.float32) * SHARPNESS / 255
_TO_NOVELTY = np.array([0, 1, 0], np.float32) / 255

CLASSES = tuple(f"class {i}" for i in range(1000))
CAT_CLASS, OTHER_CLASS, DOG_CLASS = 281, 999, 207
# (3, 1000): what each mean channel adds to ImageNet's logits.
_TO_IMAGENET = np.zeros((3, 1000), np.float32)
_TO_IMAGENET[[0, 1, 2], [CAT_CLASS, OTHER_CLASS, DOG_CLASS]] = 10 / 255
# (64, 3, 7, 7): each the middle of its square, in one colour.
FILTERS = np.zeros((64, 3, 7, 7), np.float32)
FILTERS[np.arange(64), np.arange(64) % 3, 3, 3] = np.arange(1, 65) / 64


def p_cat(rgb: tuple[int, int, int]) -> float:
    """Calibrated probability of cat for a picture of one colour."""
    logit = SHARPNESS * (rgb[0] - rgb[2]) / 255 / TEMPERATURE
    return 1 / (1 + math.exp(-2 * logit))


def novelty(rgb: tuple[int, int, int]) -> float:
    """Novelty of a picture of one colour."""
    return rgb[1] / 255


def is_answer_to(rgb: tuple[int, int, int], answer: Mapping[str, Any]) -> bool:
    """Whether an answer of the service is that to a picture of this colour, and no other's."""
    off = abs(answer["probabilities"]["cat"] - p_cat(rgb)), abs(answer["novelty"] - novelty(rgb))
    return bool(max(off) < 1e-3)


def write_artifact(folder: Path, *, explains: bool = True, is_right: bool = True) -> Card:
    """Write the whole artifact: both graphs and the card with its digests.

    Args:
        explains: False for one as they were exported before models could explain themselves.
        is_right: False for one that calls cats dogs, and dogs cats.
    """
    folder.mkdir(parents=True)
    graph = _graph(_TO_LOGITS if is_right else -_TO_LOGITS)
    if explains:
        (folder / artifact.CLASSES).write_text("\n".join(CLASSES) + "\n")
    else:
        kept = [output for output in graph.graph.output if output.name not in SIGHT]
        del graph.graph.output[:]
        graph.graph.output.extend(kept)
    onnx.save(graph, folder / artifact.ONNX)
    same = core().read_model(folder / artifact.ONNX)
    ov.save_model(same, folder / artifact.OPENVINO, compress_to_fp16=False)
    card = Card(
        calibration=Calibration(temperature=TEMPERATURE, novelty_threshold=NOVELTY_THRESHOLD),
        dataset=Dataset(name="none", digest="0" * 64, counts={}),
        recipe=Recipe(backbone="mean", weights="none", config="", seed=0, stage="none"),
        created="2026-01-01T00:00:00Z",
    )
    return artifact.write_card(folder, card)


def _graph(to_logits: np.ndarray) -> onnx.ModelProto:
    graph = helper.make_graph(
        [*_scoring(), *_seeing()],
        "known",
        [helper.make_tensor_value_info("pixels", TensorProto.UINT8, ["B", 224, 224, 3])],
        [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, ["B", *shape])
            for name, shape in _SHAPES.items()
        ],
        [numpy_helper.from_array(value, name) for name, value in _constants(to_logits).items()],
    )
    opsets = [helper.make_opsetid("", 18)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=9)
    onnx.checker.check_model(model)
    return model


_SHAPES: dict[str, tuple[int, ...]] = {
    "logits": (2,),
    "novelty": (),
    "activation_map": (7, 7),
    "imagenet": (1000,),
    "stem": (64, 112, 112),
    "layer1": (64, 56, 56),
    "layer2": (64, 28, 28),
    "layer3": (64, 14, 14),
    "layer4": (3, 7, 7),
}


def _scoring() -> list[onnx.NodeProto]:
    return [
        helper.make_node("Slice", ["pixels", "first", "last", "rows"], ["upper"]),
        helper.make_node("Cast", ["upper"], ["floats"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["floats", "means_over"], ["means"], keepdims=0),
        helper.make_node("MatMul", ["means", "to_logits"], ["logits"]),
        helper.make_node("MatMul", ["means", "to_novelty"], ["novelty"]),
    ]


def _seeing() -> list[onnx.NodeProto]:
    halve = {"kernel_shape": [2, 2], "strides": [2, 2]}
    return [
        helper.make_node("Cast", ["pixels"], ["all"], to=TensorProto.FLOAT),
        helper.make_node("Transpose", ["all"], ["images"], perm=[0, 3, 1, 2]),
        helper.make_node("Conv", ["images", "filters"], ["c"], strides=[2, 2], pads=[3] * 4),
        helper.make_node("Relu", ["c"], ["stem"]),
        helper.make_node("AveragePool", ["stem"], ["layer1"], **halve),
        helper.make_node("AveragePool", ["layer1"], ["layer2"], **halve),
        helper.make_node("AveragePool", ["layer2"], ["layer3"], **halve),
        helper.make_node("Mul", ["images", "twice_upper"], ["halved"]),
        helper.make_node(
            "AveragePool", ["halved"], ["layer4"], kernel_shape=[32, 32], strides=[32, 32]
        ),
        helper.make_node("Mul", ["layer4", "to_dog"], ["spoken"]),
        helper.make_node("ReduceSum", ["spoken", "channel"], ["activation_map"], keepdims=0),
        helper.make_node("MatMul", ["means", "to_imagenet"], ["imagenet"]),
    ]


def _constants(to_logits: np.ndarray) -> dict[str, np.ndarray]:
    twice_upper = np.zeros((1, 1, 224, 1), np.float32)
    twice_upper[:, :, :112] = 2
    return {
        "first": np.array([0], np.int64),
        "last": np.array([112], np.int64),
        "rows": np.array([1], np.int64),
        "means_over": np.array([1, 2], np.int64),
        "channel": np.array([1], np.int64),
        "to_logits": to_logits,
        "to_novelty": _TO_NOVELTY,
        "to_imagenet": _TO_IMAGENET,
        "to_dog": (to_logits[:, 1] - to_logits[:, 0]).reshape(1, 3, 1, 1),
        "filters": FILTERS,
        "twice_upper": twice_upper,
    }
