"""JPEG: of a file's segments, those that make its pixels, and its EXIF beside them.

Colour profiles, thumbnails, comments, and the lists of a file's other pictures (MPO) are left out
before Pillow sees the file. There is no use for them here, and Pillow refuses pictures over
damage in them that browsers show. JFIF and Adobe segments stay: the colours hang on them.
"""

import io
import re
from collections.abc import Iterator

from PIL import Image

# ITU-T T.81, B.1.1. Any number of 0xFF may stand before one; 0xFF 0 is none.
_MARKER = re.compile(rb"\xff([^\x00\xff])")
_SOI, _EOI, _SOS, _EXIF, _COM = 0xD8, 0xD9, 0xDA, 0xE1, 0xFE
_LOSSLESS, _ARITHMETIC = 0xC3, 0xC9  # start of such a frame; the latter's, sequential
_APPLICATION = range(0xE0, 0xF0)
_WITHOUT_CONTENT = (0x01, *range(0xD0, 0xD8))
_NO_PIXELS = re.compile(rb"\xff([^\x00\xd0-\xd7\xff])")  # pixels have zeros and restarts after 0xFF
_EXIF_NAME = b"Exif\0\0"
# What libjpeg heeds: by its marker, the name that its content starts with, and its least length.
_HEEDED = {0xE0: (b"JFIF\0", 14), 0xEE: (b"Adobe", 12)}

_UNWRITTEN = {127, 128}  # what libjpeg makes of missing pixels: grey, the first of it in CMYK
# Compressed pixels of any kind, but grey ones. Arithmetic coding leaves out zeros at the end.
_FILLING = bytes(16) + b"\xa5" * 256

Segment = tuple[int, int, int, int]  # marker; where it, its content and the next one begin


def pixels_and_exif(data: bytes) -> tuple[bytes, bytes]:
    """The same picture without segments of no use; from where the file is damaged, as it is.

    Zeros at the end of a file that has no end are left out: decoders take them for pixels, where
    a download or a card broke off.

    Returns:
        the file, the same object if it has no such segment; the content of its first
        EXIF segment, empty if it has none.
    """
    view = memoryview(data)
    exif, kept, kept_until = b"", bytearray(), 0
    for marker, start, content, end in _segments(data):
        if marker not in _APPLICATION and marker != _COM:
            continue
        if marker == _EXIF and not exif and data.startswith(_EXIF_NAME, content):
            exif = data[content:end]
        name, least = _HEEDED.get(marker, (b"", len(data)))
        if end - content < least or not data.startswith(name, content):
            kept += view[kept_until:start]
            kept_until = max(end, data.find(b"\xff", end))  # Pillow wants no junk at the start
    if kept_until:
        data = b"".join((kept, view[kept_until:]))
    has_end = data.rfind(bytes((0xFF, _EOI))) >= 0
    return (data if has_end else data.rstrip(b"\0")), exif


def is_lossless(data: bytes) -> bool:
    """Whether libjpeg can read the picture in its full size only."""
    return _has(_LOSSLESS, data)


def refuse_early_end(data: bytes, image: Image.Image) -> None:
    """libjpeg says nothing of missing pixels where the file has its end, but too early.

    Only where the last pixel is as they are then, it is looked whether bytes before the end
    would change the picture: where all pixels are there, nobody reads them. Of arithmetic coding
    missing pixels may have any colour.

    Args:
        data: the file.
        image: the same picture, loaded.
    Raises:
        ValueError: pixels are missing.
    """
    last = image.crop((image.width - 1, image.height - 1, *image.size)).tobytes()
    may_be_unwritten = _UNWRITTEN.issuperset(last) or _has(_ARITHMETIC, data)
    if not may_be_unwritten or (end := _end(data)) < 0:
        return
    # Fill bytes may stand before the end; with pixels behind it they would be a marker.
    filled = b"".join((data[:end].rstrip(b"\xff"), _FILLING, data[end:]))
    with Image.open(io.BytesIO(filled), formats=["JPEG"]) as again:
        again.decodermaxblock = len(filled)  # as for the picture itself
        scale = round(again.width / image.width)
        again.draft(image.mode, (again.width // scale, again.height // scale))
        if again.size == image.size and again.tobytes() != image.tobytes():
            raise ValueError("The pixels end too early")


def _segments(data: bytes) -> Iterator[Segment]:
    """Those before the pixels, as long as they are whole."""
    at = 2  # past the file's own marker
    while (found := _MARKER.search(data, at)) is not None:
        start, content = found.start(), found.end() + 2
        marker = data[start + 1]
        if marker in _WITHOUT_CONTENT:
            at = found.end()
            continue
        # A length counts itself; decoders take less for nothing.
        end = found.end() + max(2, int.from_bytes(data[found.end() : content], "big"))
        if marker == _SOS or end > len(data):
            return
        yield marker, start, content, end
        at = end


def _has(marker: int, data: bytes) -> bool:
    """Whether a segment before the pixels has it. Nearly always no, at no cost."""
    return bytes((0xFF, marker)) in data and any(marker == each for each, *_ in _segments(data))


def _end(data: bytes) -> int:
    """Where the file's first picture ends, or another begins; -1 if neither is there.

    Phones put others behind it, so that the file's last end need not be this picture's.
    """
    at = max((end for *_, end in _segments(data)), default=2)
    while (found := _NO_PIXELS.search(data, at)) is not None:
        if data[found.end() - 1] in (_SOI, _EOI):
            return found.start()
        at = found.end() + max(2, int.from_bytes(data[found.end() : found.end() + 2], "big"))
    return -1
