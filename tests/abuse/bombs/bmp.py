"""BMPs that promise much."""

import struct

from tests.abuse.bombs.making import bomb
from tests.pictures import plain


@bomb
def bmp_of_4_exapixels() -> bytes:
    whole = plain(kind="BMP")
    return whole[:18] + struct.pack("<ii", 2**31 - 1, 2**31 - 1) + whole[26:]


@bomb
def bmp_of_runs_of_one() -> bytes:
    return _run_length_bmp(2_236, b"\x01\x00" * 5_000_000)


@bomb
def bmp_of_steps_to_nowhere() -> bytes:
    return _run_length_bmp(8_000, b"\0\2\0\0" * 2_600_000)


def _run_length_bmp(side: int, codes: bytes) -> bytes:
    """A picture of 8 bits with a black palette."""
    start = 14 + 40 + 1024
    info = struct.pack("<IiiHHIIiiII", 40, side, side, 1, 8, 1, len(codes), 0, 0, 256, 0)
    return (
        b"BM" + struct.pack("<IHHI", start + len(codes), 0, 0, start) + info + bytes(1024) + codes
    )
