"""Small pictures that the tests make themselves, as files' bytes."""

import functools
import io
import struct
import zlib
from typing import Any

from PIL import Image

from service import heic, images

RED, BLUE, GREEN = (200, 20, 20), (20, 20, 200), (20, 250, 20)  # cat, dog, neither
RGB = tuple[int, int, int]

_EXIF_ORIENTATION = 0x0112


def encode(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    """A file's bytes."""
    if kind == images.HEIC.decoder:
        heic.register()
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def plain(rgb: RGB = RED, kind: str = "PNG", size: tuple[int, int] = (64, 48)) -> bytes:
    """A picture of one colour."""
    return encode(Image.new("RGB", size, rgb), kind)


def turned(orientation: int, kind: str = "JPEG") -> bytes:
    """Red over blue, with a white top left, for who heeds the orientation.

    Stored turned by its inverse; 96 x 64 upright.
    """
    upright = Image.new("RGB", (96, 64), BLUE)
    upright.paste(RED, (0, 0, 96, 32))
    upright.paste((255, 255, 255), (0, 0, 16, 16))
    undo = {
        1: None,
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }[orientation]
    exif = Image.Exif()
    exif[_EXIF_ORIENTATION] = orientation
    stored = upright if undo is None else upright.transpose(undo)
    # HEIC's encoder makes irot and imir of it, too.
    return encode(stored, kind, quality=95, exif=exif.tobytes())


def truncated_jpeg() -> bytes:
    """The first half of a JPEG file."""
    whole = encode(Image.effect_noise((128, 128), 64).convert("RGB"), "JPEG")
    return whole[: len(whole) // 2]


def bomb() -> bytes:
    """200 megapixels in a PNG file of some 25 kB."""
    return encode(Image.new("1", (20_000, 10_000)))


def padded(data: bytes, n_bytes: int) -> bytes:
    """The same picture in a file of exactly so many bytes; decoders stop before the padding."""
    return data + bytes(n_bytes - len(data))


def png(size: tuple[int, int], depth: int, colour: int, row: bytes, *chunks: bytes) -> bytes:
    """A PNG of equal rows, in any depth; Pillow writes some of them only.

    Args:
        size: width and height.
        depth: bits a sample.
        colour: 0 grey, 2 RGB, 4 grey and alpha, 6 RGBA.
        row: samples of one row, big-endian.
        chunks: more of them, each its name and its content, for between header and pixels.
    """
    header = b"IHDR" + struct.pack(">IIBBBBB", *size, depth, colour, 0, 0, 0)
    packer = zlib.compressobj(1)
    packed = b"".join(packer.compress(b"\0" + row) for _ in range(size[1])) + packer.flush()
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
        for chunk in (header, *chunks, b"IDAT" + packed, b"IEND")
    )


@functools.cache
def slow() -> bytes:
    """64 megapixels of 16 bits and with alpha, in a PNG file of 2 MB: a second's work at least."""
    return png((8000, 8000), 16, 6, bytes(8000 * 8))


@functools.cache
def endless() -> bytes:
    """16 megapixels in a JPEG of 120 kB, every one of which is to be visited a thousand times."""
    whole = encode(Image.new("RGB", (4000, 4000)), "JPEG", progressive=True, subsampling=0)
    last_scan = whole[whole.rindex(b"\xff\xda") : -2]
    return whole[:-2] + last_scan * 1000 + whole[-2:]
