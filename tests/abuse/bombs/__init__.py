"""Small files that promise much: pixels, frames, text, tags, scans, segments.

Each is a file that its format allows, or nearly so, made here byte by byte. A bomb is
refused, or answered, but costs neither seconds nor gigabytes.
"""

from tests.abuse.bombs import avif, bmp, gif, jpeg, png, tiff, webp
from tests.abuse.bombs.making import BOMBS

__all__ = ["BOMBS", "avif", "bmp", "gif", "jpeg", "png", "tiff", "webp"]
