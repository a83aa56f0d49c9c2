"""TIFF: grey of more than 8 bits, planes, palettes, and strips that are not there."""

import struct
import zlib

import numpy as np
import pytest

from service import images
from tests.pictures import RED

SHORT, LONG = 3, 4
SIDE = 64
RAW, DEFLATE = 1, 8
UNSIGNED, SIGNED, FLOAT = 1, 2, 3
TAGS = {
    **{"width": 256, "height": 257, "bits": 258, "compression": 259, "photometric": 262},
    **{"starts": 273, "samples": 277, "rows": 278, "lengths": 279, "planar": 284},
    "colours": 320,
    "alpha": 338,
    "sample_format": 339,
}


def assembled(strips: list[bytes], *, order: str = "<", **tags: list[int]) -> bytes:
    """A file; tags by the names of `TAGS`."""
    starts = [8 + sum(map(len, strips[:i])) for i in range(len(strips))]
    given = {"starts": starts, "lengths": [*map(len, strips)], **tags}
    after = 8 + sum(map(len, strips)) + 2 + 12 * (2 + len(given)) + 4
    directory, values = b"", b""
    for name in sorted({"width", "height"} | given.keys(), key=TAGS.__getitem__):
        kind = LONG if name in ("starts", "lengths") else SHORT
        content = given.get(name, [SIDE])
        packed = b"".join(
            struct.pack(order + {SHORT: "H", LONG: "I"}[kind], value) for value in content
        )
        where = packed.ljust(4, b"\0")
        if len(packed) > 4:
            where = struct.pack(order + "I", after + len(values))
            values += packed
        directory += struct.pack(order + "HHI", TAGS[name], kind, len(content)) + where
    head = {"<": b"II*\0", ">": b"MM\0*"}[order]
    head += struct.pack(order + "I", 8 + sum(map(len, strips)))
    count = struct.pack(order + "H", 2 + len(given))
    return b"".join((head, *strips, count, directory, bytes(4), values))


def tiff(pixels: bytes, strips: int = 1, *, listed: int | None = None, **tags: int) -> bytes:
    """A square of grey, uncompressed."""
    length = len(pixels) // strips
    given = {"bits": 16, "photometric": 1, "sample_format": 1, **tags}
    given |= {"compression": RAW, "samples": 1, "rows": SIDE // strips}
    cut = [pixels[i * length : (i + 1) * length] for i in range(strips)][:listed]
    return assembled(cut, **{name: [value] for name, value in given.items()})


def in_planes(compression: int) -> bytes:
    """A square of `RED`, each of its colours by itself."""
    planes = [bytes([value]) * SIDE * SIDE for value in RED]
    if compression == DEFLATE:
        planes = [zlib.compress(plane) for plane in planes]
    one_each = {"compression": [compression], "photometric": [2], "samples": [3], "planar": [2]}
    return assembled(planes, bits=[8, 8, 8], rows=[SIDE], sample_format=[1, 1, 1], **one_each)


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
        (tiff(of("<u4", 200), bits=32), 200),
        (tiff(of("<i2", 0x4000), sample_format=2), 64),
    ],
    ids=["16", "16, 0 is white", "16, all black", "12", "12, dark", "32", "8 of 32", "signed"],
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


def in_deep_planes() -> bytes:
    """A square of `RED` in 16 bits, each of its colours by itself, uncompressed."""
    planes = [of("<u2", value * 257) for value in RED]
    one_each = {"compression": [RAW], "photometric": [2], "samples": [3], "planar": [2]}
    return assembled(planes, bits=[16] * 3, rows=[SIDE], sample_format=[1] * 3, **one_each)


def big_endian(kind: str, value: float, sample_format: int) -> bytes:
    """Compressed grey."""
    numbers = np.full((SIDE, SIDE), value, kind)
    tags = {"bits": numbers.itemsize * 8, "photometric": 1, "samples": 1, "rows": SIDE}
    tags |= {"compression": DEFLATE, "sample_format": sample_format}
    lists = {name: [number] for name, number in tags.items()}
    return assembled([zlib.compress(numbers.tobytes())], order=">", **lists)


def test_planes_may_have_16_bits() -> None:
    assert (images.network_input(in_deep_planes()) == RED).all()


@pytest.mark.parametrize(
    ("data", "grey"),
    [
        (big_endian(">f4", 0.5, FLOAT), 127),
        (big_endian(">i4", 200, SIGNED), 200),
        (big_endian(">i2", 0x4000, SIGNED), 64),
        (big_endian(">u2", 0x8000, UNSIGNED), 128),
    ],
    ids=["float", "signed 32", "signed 16", "unsigned 16"],
)
def test_bytes_in_the_other_order_are_turned_around_once(data: bytes, grey: int) -> None:
    pixels = images.network_input(data)
    assert pixels.min() == pixels.max()
    assert abs(int(pixels.max()) - grey) <= 1


@pytest.mark.parametrize("white", [1.0, 255.0])
def test_one_float_that_shoots_over_white_darkens_no_other(white: float) -> None:
    numbers = np.full((SIDE, SIDE), white / 2, "<f4")
    numbers[0, 0] = white * 1.1
    tags = {"bits": [32], "photometric": [1], "samples": [1], "rows": [SIDE]}
    data = assembled([numbers.tobytes()], compression=[RAW], sample_format=[FLOAT], **tags)
    assert images.network_input(data)[SIDE, SIDE, 0] == 127


@pytest.mark.parametrize("full", [255, 65535])
def test_a_palette_may_have_8_bits_or_16(full: int) -> None:
    colours = [0] * 768
    for channel, value in enumerate(RED):
        colours[channel * 256 + 7] = value * (full // 255)
    tags = {"bits": [8], "photometric": [3], "samples": [1], "rows": [SIDE], "colours": colours}
    data = assembled([bytes([7]) * SIDE * SIDE], compression=[RAW], **tags)
    assert (images.network_input(data) == RED).all()


def test_grey_that_its_transparency_is_in_already_is_read() -> None:
    """Half transparent, and as black as that allows: over white, half grey."""
    tags = {"bits": [8, 8], "photometric": [1], "samples": [2], "rows": [SIDE], "alpha": [1]}
    data = assembled([bytes((0, 128)) * SIDE * SIDE], compression=[RAW], planar=[1], **tags)
    assert (images.network_input(data) == 127).all()


@pytest.mark.parametrize("compression", [RAW, DEFLATE])
def test_colours_may_lie_apart(compression: int) -> None:
    assert (images.network_input(in_planes(compression)) == RED).all()
