"""PNG: of a file's chunks, those that make its pixels.

Texts, colour profiles and animations are left out before Pillow sees the file. There is no use
for them here, and Pillow refuses pictures over them that browsers show: a screen's profile or a
text of over a megabyte, a gamma of two bytes.
"""

import struct
import zlib

_KEPT = {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"eXIf", b"IEND"}
_SIGNATURE_BYTES = 8
_AROUND_BYTES = 12  # a chunk's length and name before its content, its checksum after it
_GREY = 0


def pixels_only(data: bytes) -> bytes:
    """The same picture in the chunks of `_KEPT`; from where the file is damaged, as it is."""
    view = memoryview(data)
    kept = bytearray(view[:_SIGNATURE_BYTES])
    depth = colour = -1
    name = b""
    at = _SIGNATURE_BYTES
    while name != b"IEND" and at + _AROUND_BYTES <= len(view):
        length, name = struct.unpack_from(">I4s", view, at)
        chunk = view[at : at + _AROUND_BYTES + length]
        if len(chunk) < _AROUND_BYTES + length:
            break
        content = chunk[8:-4]
        if name == b"IHDR" and length == 13:
            depth, colour = content[8], content[9]
        if name == b"tRNS" and length == 2 and colour == _GREY and depth in (2, 4):
            kept += _in_8_bits(content, depth)
        elif name in _KEPT:
            kept += chunk
        at += len(chunk)
    return bytes(kept + view[at:])


def _in_8_bits(grey: memoryview, depth: int) -> bytes:
    """The chunk that says which grey is transparent.

    Pillow brings pixels of 2 and 4 bits to 8, and compares them with what the file says in its own.
    """
    most = 2**depth - 1
    value = int.from_bytes(grey, "big") & most
    chunk = b"tRNS" + struct.pack(">H", value * 255 // most)
    return struct.pack(">I", 2) + chunk + struct.pack(">I", zlib.crc32(chunk))
