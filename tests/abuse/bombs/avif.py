"""AVIFs that promise much."""

import struct

from PIL import Image

from tests.abuse.bombs.making import animation, bomb
from tests.pictures import encode, plain


@bomb
def avif_of_4_gigapixels() -> bytes:
    """`ispe` is where the container says how large the picture is."""
    whole = plain(kind="AVIF")
    at = whole.index(b"ispe") + 8
    return whole[:at] + struct.pack(">II", 65_500, 65_500) + whole[at + 8 :]


@bomb
def avif_that_is_larger_than_it_says() -> bytes:
    """Says 64 x 48; what is inside is 4,000 x 4,000."""
    whole = encode(Image.new("RGB", (4_000, 4_000)), "AVIF", speed=10)
    at = whole.index(b"ispe") + 8
    return whole[:at] + struct.pack(">II", 64, 48) + whole[at + 8 :]


@bomb
def avif_of_the_most_pixels() -> bytes:
    return encode(Image.new("RGB", (8_000, 8_000)), "AVIF", speed=10)


@bomb
def avif_of_many_frames() -> bytes:
    return animation("AVIF", frames=500)
