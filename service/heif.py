"""HEIF (ISO/IEC 23008-12), the container of AVIF and HEIC, before a decoder is asked."""

import re
import struct
from collections.abc import Iterator

# The property ImageSpatialExtentsProperty (6.5.3): its length, name, version.
_EXTENTS = re.compile(re.escape(b"\0\0\0\x14ispe\0\0\0\0") + b"(.{8})", re.DOTALL)
# An entry of ItemInfoBox (ISO/IEC 14496-12, 8.11.6) in its versions 2 and 3: flags, item and
# protection, then what kind of item it is.
_EXIF_ITEM = re.compile(rb"(infe(?:\x02.{7}|\x03.{9}))Exif", re.DOTALL)
_HEAD_BYTES = 2**16  # properties and entries stand before the pixels


def size(data: bytes) -> tuple[int, int]:
    """Width and height of the largest picture that the file announces; (0, 0) for none.

    Decoders say it too late, or less: libavif refuses what is beyond its own bounds as if it were
    damaged, and libheif tells what is left of a picture when it has been decoded and cropped.
    """
    sizes = [struct.unpack(">2I", found) for found in _EXTENTS.findall(data[:_HEAD_BYTES])]
    width, height = max(sizes, key=lambda size: size[0] * size[1], default=(0, 0))
    return width, height


def without_exif(data: bytes) -> bytes:
    """The same picture, its EXIF an item of a kind that no decoder knows.

    It is not needed: which side is up is said outside of it (6.5.10 and 6.5.12). libavif refuses
    pictures over damage in it that browsers show.
    """
    head, n_found = _EXIF_ITEM.subn(rb"\1none", data[:_HEAD_BYTES])
    return head + data[_HEAD_BYTES:] if n_found else data


def refuse_early_end(data: bytes) -> None:
    """libheif says nothing of a picture whose last tiles are not in the file, and makes them green.

    Raises:
        ValueError: the file ends before the box that holds the pixels does.
    """
    for name, end in _boxes(data):
        if name == b"mdat" and end > len(data):
            raise ValueError("The pixels end too early")


def _boxes(data: bytes) -> Iterator[tuple[bytes, int]]:
    """Name and end of each box of the file itself (ISO/IEC 14496-12, 4.2)."""
    start = 0
    while start + 16 <= len(data):
        n_bytes, name, n_bytes_if_1 = struct.unpack_from(">I4sQ", data, start)
        if n_bytes == 1:
            n_bytes = n_bytes_if_1
        if n_bytes < 8:  # 0: as far as the file goes
            return
        start += n_bytes
        yield name, start
