"""JPEGs that promise much."""

import struct

from PIL import Image

from tests.abuse.bombs.making import MANY, bomb
from tests.pictures import RED, encode, plain


@bomb
def jpeg_of_4_gigapixels() -> bytes:
    whole = plain(kind="JPEG")
    at = whole.index(b"\xff\xc0") + 5
    return whole[:at] + struct.pack(">HH", 65_500, 65_500) + whole[at + 4 :]


@bomb
def jpeg_of_the_most_pixels_progressive() -> bytes:
    return encode(Image.new("RGB", (8_000, 8_000), RED), "JPEG", progressive=True)


@bomb
def jpeg_of_many_scans() -> bytes:
    """Each scan passes over every block again, and is but some bytes long."""
    whole = encode(Image.new("L", (2_000, 2_000), 128), "JPEG", progressive=True)
    last_scan = whole[whole.rindex(b"\xff\xda") : -2]
    return whole[:-2] + last_scan * MANY + b"\xff\xd9"


@bomb
def jpeg_of_empty_segments() -> bytes:
    return _jpeg_with(b"\xff\xe5\0\2" * 2_500_000)


@bomb
def jpeg_of_empty_comments() -> bytes:
    return _jpeg_with(b"\xff\xfe\0\2" * 2_500_000)


@bomb
def jpeg_of_many_exifs() -> bytes:
    return _jpeg_with(b"\xff\xe1\0\x09Exif\0\0a" * 900_000)


@bomb
def jpeg_of_fill_bytes() -> bytes:
    return _jpeg_with(b"\xff" * 10_000_000)


@bomb
def jpeg_whose_exif_has_60_000_tags() -> bytes:
    """Each tag claims what all of them together are."""
    tags = b"".join(struct.pack("<HHII", tag, 7, 60_000, 0) for tag in range(1, 60_001))
    exif = b"II*\0\x08\0\0\0" + struct.pack("<H", 60_000) + tags
    return _jpeg_with(
        b"".join(exif_segment(exif[i : i + 65_000]) for i in range(0, len(exif), 65_000))
    )


def exif_segment(data: bytes) -> bytes:
    """An APP1 segment of a JPEG; of at most 65,527 bytes."""
    return b"\xff\xe1" + struct.pack(">H", len(data) + 8) + b"Exif\0\0" + data


def _jpeg_with(segments: bytes) -> bytes:
    whole = plain(kind="JPEG")
    return whole[:2] + segments + whole[2:]
