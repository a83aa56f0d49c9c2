"""AVIF: how large a picture is, and all of it but its EXIF, before a decoder is asked.

libavif refuses what is beyond its own bounds as if it were damaged, and pictures over damage in
their EXIF that browsers show.
"""

import re
import struct

# The property ImageSpatialExtentsProperty (ISO/IEC 23008-12, 6.5.3): its length, name, version.
_EXTENTS = re.compile(re.escape(b"\0\0\0\x14ispe\0\0\0\0") + b"(.{8})", re.DOTALL)
# An entry of ItemInfoBox (ISO/IEC 14496-12, 8.11.6) in its versions 2 and 3: flags, item and
# protection, then what kind of item it is.
_EXIF_ITEM = re.compile(rb"(infe(?:\x02.{7}|\x03.{9}))Exif", re.DOTALL)
_HEAD_BYTES = 2**16  # properties and entries stand before the pixels


def size(data: bytes) -> tuple[int, int]:
    """Width and height of the largest picture that the file announces; (0, 0) for none."""
    sizes = [struct.unpack(">2I", found) for found in _EXTENTS.findall(data[:_HEAD_BYTES])]
    width, height = max(sizes, key=lambda size: size[0] * size[1], default=(0, 0))
    return width, height


def without_exif(data: bytes) -> bytes:
    """The same picture, its EXIF an item of a kind that no decoder knows.

    It is not needed: which side is up is said outside of it (ISO/IEC 23008-12, 6.5.10 and 6.5.12).
    """
    head, n_found = _EXIF_ITEM.subn(rb"\1none", data[:_HEAD_BYTES])
    return head + data[_HEAD_BYTES:] if n_found else data
