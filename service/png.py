"""PNG: of a file's chunks, those that make its pixels, and whether they are all there.

Texts, colour profiles and animations are left out before Pillow sees the file. There is no use
for them here, and Pillow refuses pictures over them that browsers show: a screen's profile or a
text of over a megabyte, a gamma of two bytes.
"""

import struct
import zlib
from collections.abc import Iterator

from PIL import Image

_KEPT = {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"eXIf", b"IEND"}
_DISPENSABLE = {b"tRNS", b"eXIf"}  # of those, what a picture can be shown without
_SIGNATURE_BYTES = 8
_AROUND_BYTES = 12  # a chunk's length and name before its content, its checksum after it
_GREY, _RGB, _PALETTE = 0, 2, 3
_BANDS = {_GREY: 1, _RGB: 3, _PALETTE: 1, 4: 2, 6: 4}
# Colour and depth of what Pillow brings to 8 bits, and its transparent colour not.
_BROUGHT_TO_8_BITS = {(_GREY, 2), (_GREY, 4), (_RGB, 16)}
_UNUSUAL = (165, 90, 60, 195)  # a colour that few pictures end with
# Of each pass over an interlaced picture: its first column and row, and the steps between.
_ADAM7 = (
    *((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4)),
    *((0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)),
)
_AT_ONCE_BYTES = 2**16


def pixels_only(data: bytes) -> bytes:
    """The same picture in the chunks of `_KEPT`; from where the file is damaged, as it is.

    Raises:
        ValueError: its palette is missing.
    """
    view = memoryview(data)
    kept = bytearray(view[:_SIGNATURE_BYTES])
    depth = colour = -1
    has_palette = False
    at = _SIGNATURE_BYTES
    for name, chunk in _chunks(view):
        content = chunk[8:-4]
        if name == b"IHDR" and len(content) == 13:
            depth, colour = content[8], content[9]
        if name in _DISPENSABLE and zlib.crc32(chunk[4:-4]) != int.from_bytes(chunk[-4:], "big"):
            at += len(chunk)  # libpng, and so browsers, pass over these, too
            continue
        is_apart = name == b"tRNS" and (colour, depth) in _BROUGHT_TO_8_BITS
        if is_apart and len(content) == 2 * _BANDS[colour]:
            kept += _in_8_bits(content, depth)
        elif name in _KEPT:
            kept += chunk
        has_palette |= name == b"PLTE"
        at += len(chunk)
    if colour == _PALETTE and not has_palette:  # Pillow has it all black
        raise ValueError("The palette is missing")
    return bytes(kept + view[at:])


def mark(image: Image.Image) -> None:
    """Before the picture is loaded: so that `refuse_early_end` knows what stayed unwritten."""
    image.im = Image.new(image.mode, image.size, _mark(image)).im


def refuse_early_end(data: bytes, image: Image.Image) -> None:
    """Pillow says nothing of missing rows where the compressed data end well, but too early.

    To count them costs 25 to 45 % of decoding, so it is done only where the last row looks
    unwritten, or the picture is interlaced.

    Args:
        data: what `pixels_only` returned.
        image: the same picture, marked and then loaded.
    Raises:
        ValueError, zlib.error: rows are missing.
    """
    width, height = image.size
    depth, colour, _, _, is_interlaced = data[24:29]  # the last of the header
    last_row = image.crop((0, height - 1, width, height)).tobytes()
    if not is_interlaced and last_row != Image.new(image.mode, (width, 1), _mark(image)).tobytes():
        return
    bits = depth * _BANDS[colour]
    passes = _ADAM7 if is_interlaced else ((0, 0, 1, 1),)
    if not _has_bytes(data, sum(_pass_bytes(image.size, bits, *each) for each in passes)):
        raise ValueError("The pixels end too early")


def _mark(image: Image.Image) -> tuple[int, ...]:
    return _UNUSUAL[: len(image.getbands())]


def _pass_bytes(size: tuple[int, int], bits: int, left: int, top: int, dx: int, dy: int) -> int:
    """Uncompressed, each row after a byte that names its filter."""
    columns, rows = -((left - size[0]) // dx), -((top - size[1]) // dy)
    return rows * (1 + (columns * bits + 7) // 8) if columns > 0 else 0


def _has_bytes(data: bytes, wanted: int) -> bool:
    """Whether the pixels' compressed data hold so many bytes; no more of them are looked at."""
    unpacker = zlib.decompressobj()
    for name, chunk in _chunks(memoryview(data)):
        content = chunk[8:-4] if name == b"IDAT" else b""
        for at in range(0, len(content), _AT_ONCE_BYTES):
            packed = content[at : at + _AT_ONCE_BYTES]
            while packed and wanted > 0:
                wanted -= len(unpacker.decompress(packed, min(wanted, _AT_ONCE_BYTES)))
                packed = unpacker.unconsumed_tail
    return wanted == 0


def _chunks(view: memoryview) -> Iterator[tuple[bytes, memoryview]]:
    """Each one's name and all of it, from the first to the last or to where one is damaged."""
    name = b""
    at = _SIGNATURE_BYTES
    while name != b"IEND" and at + _AROUND_BYTES <= len(view):
        length, name = struct.unpack_from(">I4s", view, at)
        chunk = view[at : at + _AROUND_BYTES + length]
        if len(chunk) < _AROUND_BYTES + length:
            return
        yield name, chunk
        at += len(chunk)


def _in_8_bits(values: memoryview, depth: int) -> bytes:
    """The chunk that says which grey or colour is transparent.

    Pillow brings these pixels to 8 bits, and compares them with what the file says in its own.
    Of 16 bits it takes the upper 8, so that colours next to the transparent one are so, too.
    """
    most = 2**depth - 1
    bands = struct.unpack(f">{len(values) // 2}H", values)
    in_8 = [band >> 8 if depth == 16 else (band & most) * 255 // most for band in bands]
    chunk = b"tRNS" + struct.pack(f">{len(in_8)}H", *in_8)
    return struct.pack(">I", len(values)) + chunk + struct.pack(">I", zlib.crc32(chunk))
