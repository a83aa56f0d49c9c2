"""PNGs that promise much."""

import struct
import zlib

from tests.abuse.bombs.making import MIB, animation, bomb, zeros


def png(*chunks: bytes) -> bytes:
    """A file of chunks; the closing one is added."""
    return b"\x89PNG\r\n\x1a\n" + b"".join((*chunks, chunk(b"IEND", b"")))


def chunk(name: bytes, data: bytes) -> bytes:
    """A chunk with its length and its checksum."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def header(
    width: int, height: int, *, depth: int = 8, colour: int = 2, interlace: int = 0
) -> bytes:
    """IHDR; colour 2 is RGB, 6 RGBA."""
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlace))


_PIXEL = chunk(b"IDAT", zeros(4))  # of a PNG of 1 x 1


@bomb
def png_of_3_gigapixels() -> bytes:
    return png(header(60_000, 60_000), chunk(b"IDAT", zeros(MIB)))


@bomb
def png_of_the_most_pixels() -> bytes:
    return png(header(8_000, 8_000), chunk(b"IDAT", zeros(8_000 * 24_001)))


@bomb
def png_of_the_most_pixels_of_64_bits() -> bytes:
    data = zeros(8_000 * 64_001)
    return png(header(8_000, 8_000, depth=16, colour=6), chunk(b"IDAT", data))


@bomb
def png_of_the_most_pixels_interlaced() -> bytes:
    data = zeros(8_000 * 24_001 + 8_000)
    return png(header(8_000, 8_000, interlace=1), chunk(b"IDAT", data))


@bomb
def png_text_of_100_mib() -> bytes:
    return png(header(1, 1), chunk(b"zTXt", b"a\0\0" + zeros(100 * MIB)), _PIXEL)


@bomb
def png_60_texts_of_1_mib() -> bytes:
    text = chunk(b"zTXt", b"a\0\0" + zeros(MIB))
    return png(header(1, 1), text * 60, _PIXEL)


@bomb
def png_profile_of_100_mib() -> bytes:
    return png(header(1, 1), chunk(b"iCCP", b"a\0\0" + zeros(100 * MIB)), _PIXEL)


@bomb
def png_of_empty_chunks() -> bytes:
    return png(header(1, 1), chunk(b"vpAg", b"") * 800_000, _PIXEL)


@bomb
def png_of_many_frames() -> bytes:
    return animation("PNG")
