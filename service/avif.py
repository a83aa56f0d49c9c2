"""AVIF: how large a picture is, before a decoder is asked.

libavif refuses what is beyond its own bounds as if it were damaged.
"""

import re
import struct

# The property ImageSpatialExtentsProperty (ISO/IEC 23008-12, 6.5.3): its length, name, version.
_EXTENTS = re.compile(re.escape(b"\0\0\0\x14ispe\0\0\0\0") + b"(.{8})", re.DOTALL)
_HEAD_BYTES = 2**16  # properties stand before the pixels


def size(data: bytes) -> tuple[int, int]:
    """Width and height of the largest picture that the file announces; (0, 0) for none."""
    sizes = [struct.unpack(">2I", found) for found in _EXTENTS.findall(data[:_HEAD_BYTES])]
    width, height = max(sizes, key=lambda size: size[0] * size[1], default=(0, 0))
    return width, height
