"""HEIC, as iPhones take pictures: read where requirements/heic.txt is installed."""

import functools
import importlib.util

# ISO/IEC 23008-12: still pictures and sequences coded as HEVC.
BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx")


def is_installed() -> bool:
    """Whether the extra is there; looks for it without importing it."""
    return importlib.util.find_spec("pillow_heif") is not None


@functools.cache
def register() -> None:
    """Teach Pillow the format, in this process.

    libheif itself turns and mirrors the picture as the container says (irot, imir), which
    is all that counts in HEIC: the EXIF orientation is reset to 1, so nobody turns it again.

    Raises:
        ImportError: the extra is not installed.
    """
    import pillow_heif

    pillow_heif.register_heif_opener(
        decode_threads=1, thumbnails=False, depth_images=False, aux_images=False
    )
