"""TIFFs that promise much."""

import struct
from collections.abc import Sequence

from tests.abuse.bombs.making import MIB, bomb, zeros


def tiff(tags: Sequence[tuple[int, int, int, int]], data: bytes = b"", after: int = 0) -> bytes:
    """A little-endian file of one directory.

    Args:
        tags: tag, type (3 is 16 bits, 4 is 32, 7 is bytes), count, value or offset.
        data: what follows the directory; see `tiff_data_at`.
        after: offset of the next directory.
    """
    entries = b"".join(struct.pack("<HHII", *tag) for tag in tags)
    head = struct.pack("<2sHIH", b"II", 42, 8, len(tags))
    return head + entries + struct.pack("<I", after) + data


def tiff_data_at(n_tags: int) -> int:
    """Where `data` of a file of so many tags begins."""
    return 8 + 2 + 12 * n_tags + 4


def grey_tiff_tags(
    width: int, height: int, *, compression: int = 1
) -> list[tuple[int, int, int, int]]:
    """Width, height, 8 bits, compression (1 none, 8 deflate), black is 0."""
    return [
        (256, 4, 1, width),
        (257, 4, 1, height),
        (258, 3, 1, 8),
        (259, 3, 1, compression),
        (262, 3, 1, 1),
    ]


_ONE_STRIP = [(273, 4, 1, 8), (277, 3, 1, 1), (278, 3, 1, 1), (279, 4, 1, 1)]


@bomb
def tiff_of_16_exapixels() -> bytes:
    return tiff(grey_tiff_tags(2**32 - 1, 2**32 - 1) + _ONE_STRIP)


@bomb
def tiff_of_the_most_pixels_of_32_bits() -> bytes:
    pixels, at = zeros(256_000_000), tiff_data_at(10)
    of_strip = [(273, 4, 1, at), (277, 3, 1, 1), (278, 4, 1, 8_000), (279, 4, 1, len(pixels))]
    tags = grey_tiff_tags(8_000, 8_000, compression=8) + of_strip + [(339, 3, 1, 3)]  # floating
    tags[2] = (258, 3, 1, 32)
    return tiff(tags, pixels)


@bomb
def tiff_of_a_million_strips() -> bytes:
    """One pixel a strip, and all of them the same byte."""
    n, at = 1_000_000, tiff_data_at(9)
    strips = [(273, 4, n, at), (277, 3, 1, 1), (278, 3, 1, 1), (279, 4, n, at + 4 * n)]
    return tiff(grey_tiff_tags(1, n) + strips, struct.pack("<I", 8) * n + struct.pack("<I", 1) * n)


@bomb
def tiff_of_60_000_tags() -> bytes:
    """Each of 8 MiB: half a terabyte, were all of them read."""
    tags = [(tag, 7, 8 * MIB, 8) for tag in range(301, 60_301)]
    return tiff(grey_tiff_tags(1, 1) + _ONE_STRIP + tags, bytes(8 * MIB))


@bomb
def tiff_that_follows_itself() -> bytes:
    return tiff(grey_tiff_tags(1, 1) + _ONE_STRIP, after=8)
