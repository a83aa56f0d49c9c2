"""The first layer's filters as one picture: what the network looks for before all else."""

import io
from pathlib import Path

import numpy as np
from PIL import Image

from service.artifact import ONNX
from service.openvino_engine import core

COLUMNS = 8
SCALE = 6  # pixels of the picture to one of a filter
GAP = 1  # of a filter's pixels, between filters
_NOTHING = 255  # white, behind them


def sheet(folder: Path) -> bytes:
    """Draw the filters of an artifact's first convolution, if that looks at three colours.

    Each weight is a colour: grey is 0, and a filter's largest weight, whatever its sign, is
    the end of the scale. What export folds into the weights, the batch norm's factor for each
    filter, shows only where it is negative: there the filter is its own negative, as is what
    the network makes of it.

    Returns:
        A PNG, eight filters in a row; empty where there is no such layer.
    """
    graph = core().read_model(folder / ONNX)
    for operation in graph.get_ordered_ops():
        if operation.get_type_name() == "Convolution":
            source = operation.input_value(1).get_node()
            shape = list(source.shape)
            if source.get_type_name() == "Constant" and len(shape) == 4 and shape[1] == 3:
                return _png(np.array(source.get_data(), np.float32))
            return b""
    return b""


def _png(weights: np.ndarray) -> bytes:
    """Args: weights: (N, 3, k, k), RGB."""
    n, _, height, width = weights.shape
    rows = -(-n // COLUMNS)
    strongest = np.abs(weights).max((1, 2, 3), keepdims=True)
    shades = 0.5 + 0.5 * weights / np.where(strongest > 0, strongest, 1)
    tiles = np.rint(shades * 255).astype(np.uint8).transpose(0, 2, 3, 1)
    sheet_size = (rows * (height + GAP) - GAP, COLUMNS * (width + GAP) - GAP, 3)
    pixels = np.full(sheet_size, _NOTHING, np.uint8)
    for i, tile in enumerate(tiles):
        top, left = i // COLUMNS * (height + GAP), i % COLUMNS * (width + GAP)
        pixels[top : top + height, left : left + width] = tile
    image = Image.fromarray(pixels)
    file = io.BytesIO()
    image.resize((image.width * SCALE, image.height * SCALE), Image.Resampling.NEAREST).save(
        file, "PNG", optimize=True
    )
    return file.getvalue()
