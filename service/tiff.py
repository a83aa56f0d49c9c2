"""TIFF: what Pillow leaves to its caller. Numbers of tags are those of TIFF 6.0."""

import numpy as np
from PIL import Image

_BITS_PER_SAMPLE, _PHOTOMETRIC, _SAMPLES, _PLANAR, _SAMPLE_FORMAT = 258, 262, 277, 284, 339
_WHITE_IS_ZERO, _SEPARATE, _UNSIGNED = 0, 2, 1


def refuse_missing_strips(image: Image.Image) -> None:
    """Before the picture is loaded: Pillow leaves black what an uncompressed file does not list.

    Raises:
        ValueError: strips or tiles are missing.
    """
    tags, tiles = image.tag_v2, image.tile  # type: ignore[attr-defined]  # of what Image.open returns
    # Of a compressed file Pillow has one tile, and libtiff finds what is missing.
    is_apart = tags.get(_PLANAR) == _SEPARATE and tiles and tiles[0].codec_name == "raw"
    layers = tags.get(_SAMPLES, 1) if is_apart else 1
    listed = sum((right - left) * (lower - upper) for _, (left, upper, right, lower), *_ in tiles)
    if listed < image.width * image.height * layers:
        raise ValueError("Strips are missing")


def unsigned_grey(image: Image.Image) -> Image.Image:
    """Loaded grey of 9 to 16 unsigned bits as 16, and of 32 as floats; any other as it is.

    Pillow takes 12 bits for 16, the upper half of 32 for negative, and white for black where
    the file has it so. Of 32 bits few use all: `service.colour` finds their scale.
    """
    tags = image.tag_v2  # type: ignore[attr-defined]  # as above
    bits = tags.get(_BITS_PER_SAMPLE, (1,))[0]
    is_unsigned = tags.get(_SAMPLE_FORMAT, (_UNSIGNED,))[0] == _UNSIGNED
    if not is_unsigned or not (image.mode == "I" or image.mode.startswith("I;16")):
        return image
    values = np.asarray(image)
    values = values.view(np.uint32) if image.mode == "I" else values.astype(np.uint16)
    if bits < 16:
        values = (values * np.float32(65535 / (2**bits - 1))).astype(np.uint16)
    if tags.get(_PHOTOMETRIC) == _WHITE_IS_ZERO:
        values = np.iinfo(values.dtype).max - values
    return Image.fromarray(values.astype(np.float32) if image.mode == "I" else values)
