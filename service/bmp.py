"""BMP: what Pillow reads otherwise than others do. Offsets are those of BITMAPINFOHEADER."""

from PIL import Image

_HEADER_BYTES, _BITS, _COLOURS = slice(14, 18), slice(28, 30), slice(46, 50)


def with_whole_palette(data: bytes) -> bytes:
    """The same picture, also of a file with a palette of two colours for pixels of 4 or 8 bits.

    Pillow takes pixels for single bits then. Where no number is given, there are as many colours
    as there can be; those that are not there no pixel has.
    """

    def number(field: slice) -> int:
        return int.from_bytes(data[field], "little")

    if number(_HEADER_BYTES) < 40 or number(_BITS) not in (4, 8) or number(_COLOURS) != 2:
        return data
    return b"".join((data[: _COLOURS.start], bytes(4), data[_COLOURS.stop :]))


def visible(image: Image.Image) -> Image.Image:
    """The loaded picture; one that is transparent everywhere, as if nothing of it were.

    Programs that keep no transparency leave its bytes at 0, where the header has a place for it.
    """
    if image.mode == "RGBA" and image.getchannel("A").getextrema() == (0, 0):
        return image.convert("RGB")
    return image
