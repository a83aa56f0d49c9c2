"""TIFF: grey of more than 8 bits, and strips that are not there."""

import struct

import numpy as np
import pytest

from service import images

SHORT, LONG = 3, 4
SIDE = 64
BITS, COMPRESSION, PHOTOMETRIC, SAMPLE_FORMAT = 258, 259, 262, 339


def tiff(pixels: bytes, strips: int = 1, **tags: int) -> bytes:
    """A square of grey, uncompressed, little-endian; tags by their names above."""
    given = {"bits": 16, "photometric": 1, "sample_format": 1, **tags}
    rows = SIDE // strips
    entries = {
        256: (SHORT, [SIDE]),
        257: (SHORT, [SIDE]),
        BITS: (SHORT, [given["bits"]]),
        COMPRESSION: (SHORT, [1]),
        PHOTOMETRIC: (SHORT, [given["photometric"]]),
        277: (SHORT, [1]),
        278: (SHORT, [rows]),
        SAMPLE_FORMAT: (SHORT, [given["sample_format"]]),
    }
    length, listed = len(pixels) // strips, given.get("listed", strips)
    entries[273] = (LONG, [8 + length * i for i in range(listed)])
    entries[279] = (LONG, [length] * listed)
    after = 8 + len(pixels) + 2 + 12 * len(entries) + 4
    directory, values = b"", b""
    for number, (kind, content) in sorted(entries.items()):
        packed = b"".join(struct.pack({SHORT: "<H", LONG: "<I"}[kind], value) for value in content)
        if len(packed) > 4:
            where = struct.pack("<I", after + len(values))
            values += packed
        else:
            where = packed.ljust(4, b"\0")
        directory += struct.pack("<HHI", number, kind, len(content)) + where
    head = b"II*\0" + struct.pack("<I", 8 + len(pixels))
    return head + pixels + struct.pack("<H", len(entries)) + directory + bytes(4) + values


def of_12_bits(value: int) -> bytes:
    return bytes((value >> 4, (value & 15) << 4 | value >> 8, value & 255)) * (SIDE * SIDE // 2)


def of(kind: str, value: int) -> bytes:
    return np.full((SIDE, SIDE), value, kind).tobytes()


@pytest.mark.parametrize(
    ("data", "grey"),
    [
        (tiff(of("<u2", 0x8000)), 128),
        (tiff(of("<u2", 0x4000), photometric=0), 191),
        (tiff(of("<u2", 65535), photometric=0), 0),
        (tiff(of_12_bits(4095), bits=12), 255),
        (tiff(of_12_bits(1024), bits=12), 64),
        (tiff(of("<u4", 2**32 - 1), bits=32), 255),
        (tiff(of("<u4", 2**30), bits=32), 64),
        (tiff(of("<i2", 0x4000), sample_format=2), 64),
    ],
    ids=["16", "16, 0 is white", "16, all black", "12", "12, dark", "32", "32, dark", "signed"],
)
def test_grey_of_many_bits_is_scaled_by_what_the_file_says(data: bytes, grey: int) -> None:
    pixels = images.network_input(data)
    assert pixels.min() == pixels.max()
    assert abs(int(pixels.max()) - grey) <= 1


@pytest.mark.parametrize("listed", [1, 3, 7])
def test_a_picture_that_lists_too_few_strips_is_damaged(listed: int) -> None:
    pixels = of("<u2", 65535)
    assert (images.network_input(tiff(pixels, strips=8)) == 255).all()
    with pytest.raises(images.DamagedImage, match="truncated or damaged"):
        images.decode(tiff(pixels, strips=8, listed=listed))
