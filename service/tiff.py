"""TIFF: what Pillow leaves to its caller. Numbers of tags are those of TIFF 6.0."""

import numpy as np
from PIL import Image, TiffImagePlugin

# libtiff, for uncompressed files too: Pillow's own way takes planes of anything but 8 bits for
# something else, and has white for black in some.
TiffImagePlugin.READ_LIBTIFF = True

_BITS_PER_SAMPLE, _PHOTOMETRIC, _COLOURMAP, _SAMPLE_FORMAT = 258, 262, 320, 339
_WHITE_IS_ZERO, _UNSIGNED = 0, 1
# Of big-endian files: libtiff returns numbers as this machine has them, and Pillow, which knows it
# of 16 unsigned bits only, would turn their bytes around once more.
_AS_LIBTIFF_HAS_IT = {"F;32BF": "F;32NF", "I;32BS": "I;32NS", "I;16BS": "I;16NS"}


def mend_byte_order(image: Image.Image) -> None:
    """Before the picture is loaded."""
    image.tile = [  # type: ignore[attr-defined]  # of what Image.open returns
        tile._replace(args=(_AS_LIBTIFF_HAS_IT.get(tile.args[0], tile.args[0]), *tile.args[1:]))
        for tile in image.tile  # type: ignore[attr-defined]  # as above
    ]


def mended(image: Image.Image) -> Image.Image:
    """The loaded picture, as its file means it."""
    if image.mode == "P":
        return _with_whole_palette(image)
    return _unsigned_grey(image)


def _with_whole_palette(image: Image.Image) -> Image.Image:
    """Its colours have 16 bits, by TIFF 6.0; of some files 8, which as 16 are all black."""
    colours = image.tag_v2.get(_COLOURMAP, ())  # type: ignore[attr-defined]  # as above
    if colours and max(colours) < 256:
        image.putpalette(np.reshape(colours, (3, -1)).T.astype(np.uint8).tobytes())
    return image


def _unsigned_grey(image: Image.Image) -> Image.Image:
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
