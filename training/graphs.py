"""The network as graphs: ONNX in fp32, OpenVINO with fp16 weights, OpenVINO in int8."""

import logging
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import openvino as ov
import torch
from torchvision import models

from data.picture import Row
from data.thinning import evenly
from service import artifact
from service.images import SIDE
from service.openvino_engine import core
from training import disk
from training.judging import batches
from training.network import CatDogNet, Outputs

CALIBRATION_PICTURES = 300  # NNCF's own default; they set the range of each activation


def write_graphs(network: CatDogNet, folder: Path) -> None:
    """Write model.onnx (fp32), the OpenVINO graph made from it (weights in fp16), and the names
    of ImageNet's classes, which torchvision's ResNets all share.
    """
    example = torch.zeros(2, SIDE, SIDE, 3, dtype=torch.uint8)
    with warnings.catch_warnings(), disk.writing(folder / artifact.ONNX):
        warnings.simplefilter("ignore")  # the exporter's notes to its own developers
        torch.onnx.export(
            network.eval(),
            (example,),
            str(folder / artifact.ONNX),
            dynamo=True,
            external_data=False,
            verbose=False,
            input_names=["pixels"],
            output_names=list(Outputs._fields),
            dynamic_shapes={"pixels": {0: torch.export.Dim.DYNAMIC}},
        )
    graph = core().read_model(folder / artifact.ONNX)  # ov.convert_model sends usage statistics
    _save(graph, folder)
    names = models.get_model_weights("resnet50")["IMAGENET1K_V1"].meta["categories"]
    with disk.writing(folder / artifact.CLASSES):
        (folder / artifact.CLASSES).write_text("\n".join(names) + "\n", encoding="utf-8")


def write_int8(source: Path, folder: Path, rows: Sequence[Row]) -> None:
    """Quantize the trunk of an artifact's ONNX graph (NNCF, post-training).

    What comes after the last feature maps stays as it is: it costs nothing, and novelty,
    a difference of sums of exponentials, means nothing in 8 bits.

    Args:
        source: the folder with model.onnx.
        folder: where the OpenVINO graph goes, under the name of the one that serves.
        rows: training pictures to calibrate on, evenly spread; test pictures stay unseen.
    """
    import nncf  # seconds to import

    logging.getLogger("nncf").setLevel(logging.ERROR)
    pictures = np.concatenate(list(batches(evenly(rows, CALIBRATION_PICTURES))))
    graph = core().read_model(source / artifact.ONNX)
    quantized = nncf.quantize(
        graph,
        nncf.Dataset(pictures, lambda picture: {"pixels": picture[np.newaxis]}),
        preset=nncf.QuantizationPreset.MIXED,
        subset_size=len(pictures),
        ignored_scope=nncf.IgnoredScope(names=heads(graph)),
    )
    folder.mkdir()
    _save(quantized, folder)


def _save(graph: ov.Model, folder: Path) -> None:
    """With weights in fp16. OpenVINO says no more of a full disk than `iostream error`."""
    path = folder / artifact.OPENVINO
    with disk.writing(path, RuntimeError):
        ov.save_model(graph, str(path), compress_to_fp16=True)


def heads(graph: ov.Model) -> list[str]:
    """Names of the operations after the last feature maps: from the results back to a ReLU."""
    names = set()
    open_ends = [result.input_value(0).get_node() for result in graph.get_results()]
    while open_ends:
        node = open_ends.pop()
        if node.get_type_name() in ("Relu", "Constant") or node.get_friendly_name() in names:
            continue
        names.add(node.get_friendly_name())
        open_ends += [value.get_node() for value in node.input_values()]
    return sorted(names)
