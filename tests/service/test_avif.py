"""AVIF: what is too large for its decoder is too large, not damaged."""

import struct

import pytest
from PIL import Image
from PIL.ExifTags import Base

from service import heif, images
from tests import pictures
from tests.pictures import RED


def of_size(width: int, height: int) -> bytes:
    """It says that it is so large."""
    data = pictures.plain(kind="AVIF", size=(64, 48))
    assert heif.size(data) == (64, 48)
    return data.replace(struct.pack(">2I", 64, 48), struct.pack(">2I", width, height))


@pytest.mark.parametrize("size", [(13_000, 13_000), (40_000, 40_000), (70_000, 1_000)])
def test_what_announces_too_many_pixels_is_told_so(size: tuple[int, int]) -> None:
    with pytest.raises(images.TooManyPixels, match=f"{size[0]} x {size[1]} = "):
        images.decode(of_size(*size))


def test_what_announces_no_size_is_left_to_the_decoder() -> None:
    with pytest.raises(images.DamagedImage, match="truncated or damaged"):
        images.decode(pictures.plain(kind="AVIF").replace(b"ispe", b"free"))


def test_exif_that_is_none_spoils_no_picture() -> None:
    """libavif refuses it; browsers show it."""
    exif = Image.Exif()
    exif[Base.Make], exif[Base.Orientation] = "a maker", 6
    data = pictures.encode(Image.new("RGB", (64, 48), RED), "AVIF", exif=exif.tobytes())
    at = data.index(b"MM\0*")
    image = images.decode(data[:at] + bytes(4) + data[at + 4 :])
    assert image.size == images.decode(data).size == (48, 64)
    assert image.getpixel((24, 32)) == pytest.approx(RED, abs=3)
