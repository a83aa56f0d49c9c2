"""WebPs that promise much."""

import struct

from PIL import Image

from tests.abuse.bombs.making import animation, bomb
from tests.pictures import encode, plain


@bomb
def webp_of_268_megapixels() -> bytes:
    """Of the extended kind: the canvas is announced apart from the pixels."""
    flags_and_canvas = bytes(4) + (2**14 - 2).to_bytes(3, "little") * 2
    body = b"VP8X" + struct.pack("<I", 10) + flags_and_canvas + plain(kind="WEBP")[12:]
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body


@bomb
def webp_of_the_most_pixels() -> bytes:
    return encode(Image.new("RGB", (8_000, 8_000)), "WEBP", lossless=True, method=0)


@bomb
def webp_of_many_frames() -> bytes:
    return animation("WEBP")
