"""BMP: palettes and transparency that are not as they are announced."""

import struct

import numpy as np
import pytest

from service import images
from tests.pictures import RED

SIDE = 64
BITFIELDS = 3


def header(bits: int, compression: int, colours: int, rest: bytes = b"") -> bytes:
    """Of a square: BITMAPINFOHEADER, and what later ones add."""
    size = 40 + len(rest)
    kept = struct.pack("<IiiHHIIiiII", size, SIDE, SIDE, 1, bits, compression, 0, 0, 0, colours, 0)
    return kept + rest


def bmp(head: bytes, palette: bytes, pixels: bytes) -> bytes:
    start = 14 + len(head) + len(palette)
    file = struct.pack("<2sIHHI", b"BM", start + len(pixels), 0, 0, start)
    return file + head + palette + pixels


@pytest.mark.parametrize("bits", [4, 8])
def test_a_palette_of_two_colours_is_no_picture_of_single_bits(bits: int) -> None:
    black_and_white = bytes((0, 0, 0, 0, 255, 255, 255, 0))
    row = np.arange(SIDE, dtype=np.uint8) >= SIDE // 2
    packed = row.astype(np.uint8) if bits == 8 else (row[::2] * 16 + row[1::2]).astype(np.uint8)
    data = bmp(header(bits, 0, colours=2), black_and_white, packed.tobytes() * SIDE)
    pixels = images.network_input(data)
    assert (pixels[:, :100] == 0).all()
    assert (pixels[:, -100:] == 255).all()


@pytest.mark.parametrize("alpha", [0, 255])
def test_a_picture_that_would_be_transparent_everywhere_is_not(alpha: int) -> None:
    masks = struct.pack("<4I", 0xFF0000, 0xFF00, 0xFF, 0xFF000000)
    red, green, blue = RED
    pixels = bytes((blue, green, red, alpha)) * SIDE * SIDE
    data = bmp(header(32, BITFIELDS, 0, rest=masks), b"", pixels)
    assert (images.network_input(data) == RED).all()
