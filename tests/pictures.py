"""Small pictures that the tests make themselves, as files' bytes."""

import io
from typing import Any

from PIL import Image

from service import heic, images

RED, BLUE, GREEN = (200, 20, 20), (20, 20, 200), (20, 250, 20)  # cat, dog, neither
RGB = tuple[int, int, int]

_EXIF_ORIENTATION = 0x0112


def encode(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    """A file's bytes."""
    if kind == images.HEIC.decoder:
        heic.register()
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def plain(rgb: RGB = RED, kind: str = "PNG", size: tuple[int, int] = (64, 48)) -> bytes:
    """A picture of one colour."""
    return encode(Image.new("RGB", size, rgb), kind)


def turned(orientation: int, kind: str = "JPEG") -> bytes:
    """Red over blue, with a white top left, for who heeds the orientation.

    Stored turned by its inverse; 96 x 64 upright.
    """
    upright = Image.new("RGB", (96, 64), BLUE)
    upright.paste(RED, (0, 0, 96, 32))
    upright.paste((255, 255, 255), (0, 0, 16, 16))
    undo = {
        1: None,
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }[orientation]
    exif = Image.Exif()
    exif[_EXIF_ORIENTATION] = orientation
    stored = upright if undo is None else upright.transpose(undo)
    # HEIC's encoder makes irot and imir of it, too.
    return encode(stored, kind, quality=95, exif=exif.tobytes())


def truncated_jpeg() -> bytes:
    """The first half of a JPEG file."""
    whole = encode(Image.effect_noise((128, 128), 64).convert("RGB"), "JPEG")
    return whole[: len(whole) // 2]


def bomb() -> bytes:
    """200 megapixels in a PNG file of some 25 kB."""
    return encode(Image.new("1", (20_000, 10_000)))


def padded(data: bytes, n_bytes: int) -> bytes:
    """The same picture in a file of exactly so many bytes; decoders stop before the padding."""
    return data + bytes(n_bytes - len(data))
