"""PNG: pixels that are not all there, and colours that stand for nothing."""

import struct
import tracemalloc
import zlib

import numpy as np
import pytest
from PIL import Image

from service import images
from tests import pictures
from tests.pictures import RED, RGB

SIGNATURE = b"\x89PNG\r\n\x1a\n"
SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
ADAM7 = "1646264677777777565656567777777736463646777777775656565677777777"  # as the standard has it


def chunk(name: bytes, content: bytes) -> bytes:
    checksum = zlib.crc32(name + content)
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", checksum)


def rows(width: int, height: int, bits: int) -> list[bytes]:
    """Of zeros, each behind its filter."""
    return [bytes(1 + -(-width * bits // 8))] * height


def interlaced_rows(width: int, height: int, bits: int) -> list[bytes]:
    """Of each of the seven passes, as drawn pixel by pixel in `ADAM7`."""
    board = np.array([int(number) for number in ADAM7]).reshape(8, 8)
    passes = np.tile(board, (-(-height // 8), -(-width // 8)))[:height, :width]
    counts = [(passes == number).sum(axis=1) for number in range(1, 8)]
    return [row for n in counts for row in rows(n.max(), (n > 0).sum(), bits)]


def zeros(
    size: tuple[int, int], depth: int, colour: int, lacks: int = 0, *, is_interlaced: bool = False
) -> bytes:
    """A picture of zeros that lacks so many rows; two chunks hold the others."""
    whole = (interlaced_rows if is_interlaced else rows)(*size, depth * SAMPLES[colour])
    packed = zlib.compress(b"".join(whole[: len(whole) - lacks]))
    header = struct.pack(">IIBBBBB", *size, depth, colour, 0, 0, is_interlaced)
    palette = chunk(b"PLTE", bytes(3)) if colour == 3 else b""
    pixels = chunk(b"IDAT", packed[:7]) + chunk(b"IDAT", packed[7:])
    return SIGNATURE + chunk(b"IHDR", header) + palette + pixels + chunk(b"IEND", b"")


@pytest.mark.parametrize("is_interlaced", [False, True], ids=["", "interlaced"])
@pytest.mark.parametrize("size", [(64, 48), (61, 1), (1, 61), (3, 5), (1, 1), (4, 2), (300, 301)])
@pytest.mark.parametrize(
    ("depth", "colour"),
    [*((depth, 0) for depth in (1, 2, 4, 8, 16)), (8, 2), (16, 2), (2, 3), (8, 4), (16, 6)],
)
def test_pixels_that_end_early_are_damaged_and_whole_ones_are_not(
    size: tuple[int, int], depth: int, colour: int, is_interlaced: bool
) -> None:
    """The compressed data end as they should: Pillow leaves the rest black and says nothing."""
    images.decode(zeros(size, depth, colour, is_interlaced=is_interlaced))
    with pytest.raises(images.DamagedImage, match="truncated or damaged"):
        images.decode(zeros(size, depth, colour, 1, is_interlaced=is_interlaced))


@pytest.mark.parametrize("kept_rows", [1, 24, 47])
def test_a_picture_of_less_rows_than_it_announces_is_damaged(kept_rows: int) -> None:
    data = pictures.png((64, kept_rows), 8, 2, bytes(RED) * 64)
    header = struct.pack(">IIBBBBB", 64, 48, 8, 2, 0, 0, 0)
    with pytest.raises(images.DamagedImage, match="truncated or damaged"):
        images.decode(data[:8] + chunk(b"IHDR", header) + data[33:])


def test_an_animation_is_counted_by_its_first_frame() -> None:
    frames = [Image.new("RGB", (64, 48), (0, 0, shade)) for shade in (0, 1, 2)]
    data = pictures.encode(frames[0], "PNG", save_all=True, append_images=frames[1:])
    assert b"fdAT" in data
    assert (images.network_input(data) == 0).all()


@pytest.mark.parametrize("rgb", [(0, 0, 0), RED, (165, 90, 60)])
def test_what_follows_the_pixels_is_not_looked_at(rgb: RGB) -> None:
    """It is no part of the picture: here a hundred megabytes, and damaged at their end."""
    packed = zlib.compress((b"\0" + bytes(rgb) * 64) * 500_000)[:-40] + b"junk"
    data = zeros((64, 48), 8, 2)[:33] + chunk(b"IDAT", packed) + chunk(b"IEND", b"")
    tracemalloc.start()
    try:
        assert (images.network_input(data) == rgb).all()
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak_bytes < 10_000_000


def test_the_transparent_colour_of_a_16_bit_picture_is_white() -> None:
    """The left half is of that colour, the right half of another."""
    there, other = struct.pack(">3H", 0x1434, 0xC8C9, 0xFF00), struct.pack(">3H", 0xC800, 0, 0)
    data = pictures.png((128, 128), 16, 2, there * 64 + other * 64, b"tRNS" + there)
    pixels = images.network_input(data)
    assert (pixels[:, :100] == 255).all()
    assert (pixels[:, 124:] == (200, 0, 0)).all()


def test_a_picture_of_a_palette_that_is_not_there_is_damaged() -> None:
    """Pillow has it all black."""
    whole = zeros((64, 48), 8, 3)
    with pytest.raises(images.DamagedImage, match="truncated or damaged"):
        images.decode(whole.replace(chunk(b"PLTE", bytes(3)), b""))


@pytest.mark.parametrize("name", [b"eXIf", b"tRNS"])
def test_a_wrong_checksum_of_what_can_be_left_out_leaves_it_out(name: bytes) -> None:
    """As browsers do."""
    red = pictures.png((64, 48), 8, 2, bytes(RED) * 64)
    header = len(SIGNATURE) + 25
    content = {b"eXIf": b"no exif", b"tRNS": struct.pack(">3H", *RED)}[name]
    broken = chunk(name, content)[:-4] + bytes(4)
    image = images.decode(red[:header] + broken + red[header:])
    assert image.getpixel((32, 24)) == RED
