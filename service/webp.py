"""WebP: an animation whose first frame does not fill its canvas."""

from PIL import Image

_FEATURES, _IS_ANIMATED = 20, 2  # where a VP8X chunk has its flags, and one of them


def keep_transparency(image: Image.Image, data: bytes) -> None:
    """Before an animation is loaded: what its first frame leaves of the canvas is transparent.

    As browsers have it, and as libwebp returns it, of which Pillow drops the transparency unless
    the file announces some, and what is left is black.
    """
    if data[12:16] == b"VP8X" and data[_FEATURES] & _IS_ANIMATED:
        image._mode = image.rawmode = "RGBA"  # type: ignore[attr-defined]  # of what Image.open returns
