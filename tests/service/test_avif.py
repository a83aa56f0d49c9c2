"""AVIF: what is too large for its decoder is too large, not damaged."""

import struct

import pytest

from service import avif, images
from tests import pictures


def of_size(width: int, height: int) -> bytes:
    """It says that it is so large."""
    data = pictures.plain(kind="AVIF", size=(64, 48))
    assert avif.size(data) == (64, 48)
    return data.replace(struct.pack(">2I", 64, 48), struct.pack(">2I", width, height))


@pytest.mark.parametrize("size", [(13_000, 13_000), (40_000, 40_000), (70_000, 1_000)])
def test_what_announces_too_many_pixels_is_told_so(size: tuple[int, int]) -> None:
    with pytest.raises(images.TooManyPixels, match=f"{size[0]} x {size[1]} = "):
        images.decode(of_size(*size))


def test_what_announces_no_size_is_left_to_the_decoder() -> None:
    with pytest.raises(images.DamagedImage, match="truncated or damaged"):
        images.decode(pictures.plain(kind="AVIF").replace(b"ispe", b"free"))
