"""Which way up a picture is: its EXIF says it, and nothing else is asked."""

from PIL import Image

_EXIF_ORIENTATION = 0x0112
_TRANSPOSE = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def ignore_xmp(image: Image.Image) -> None:
    """Before the picture is loaded: for an orientation, Pillow looks there too, browsers don't."""
    image.info.pop("xmp", None)


def orientation(image: Image.Image) -> int:
    """The EXIF orientation, 1 to 8; broken EXIF spoils no picture and means 1."""
    try:
        return int(image.getexif().get(_EXIF_ORIENTATION, 1))
    except Exception:  # Pillow's EXIF parser raises what struct, TIFF and int() raise
        return 1


def upright(image: Image.Image, orientation: int) -> Image.Image:
    """Turned and mirrored as the orientation says; any other number means 1."""
    method = _TRANSPOSE.get(orientation)
    return image if method is None else image.transpose(method)
