"""GIFs that promise much."""

import struct

from PIL import Image

from tests.abuse.bombs.making import animation, bomb
from tests.pictures import encode, plain


@bomb
def gif_of_4_gigapixels() -> bytes:
    whole = plain(kind="GIF")
    return whole[:6] + struct.pack("<HH", 65_535, 65_535) + whole[10:]


@bomb
def gif_frame_of_4_gigapixels() -> bytes:
    """The canvas is small, the frame on it is not."""
    whole, at = plain(kind="GIF"), _gif_frame()
    return whole[: at + 5] + struct.pack("<HH", 65_535, 65_535) + whole[at + 9 :]


@bomb
def gif_of_the_most_pixels() -> bytes:
    return encode(Image.new("P", (8_000, 8_000)), "GIF")


@bomb
def gif_of_many_frames() -> bytes:
    return animation("GIF")


@bomb
def gif_of_empty_comments() -> bytes:
    whole, at = plain(kind="GIF"), _gif_frame()
    return whole[:at] + b"!\xfe\x01a\0" * 2_000_000 + whole[at:]


@bomb
def gif_with_a_gap() -> bytes:
    whole, at = plain(kind="GIF"), _gif_frame()
    return whole[:at] + bytes(10_000_000) + whole[at:]


def _gif_frame() -> int:
    """Where the image descriptor of `plain(kind="GIF")` begins."""
    return plain(kind="GIF").index(b",\0\0\0\0")
