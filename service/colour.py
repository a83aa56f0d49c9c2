"""Any of Pillow's modes to 8-bit RGB, a strip of rows at a time.

Converted whole, a 16-bit or transparent picture of 64 megapixels would need well over a
gigabyte; in strips it needs no more than what the decoder has made of it.
"""

import math
from collections.abc import Iterator

import numpy as np
from PIL import Image

_STRIP_PIXELS = 1_000_000


def to_rgb(image: Image.Image, least_side: int) -> Image.Image:
    """RGB, 8 bits; large pictures are shrunk by a whole number on the way.

    Transparent parts become white. Grey of 16 or 32 bits and floating grey are brought to
    8 bits by the scale that their finite values use.

    Args:
        image: any mode, loaded.
        least_side: pixels that the short side keeps at least, if it has them.
    Returns:
        mode RGB; the picture itself where there is nothing to do.
    """
    # Grey that its transparency is in already: Pillow knows one way from there.
    if image.mode == "La":
        image = image.convert("LA")
    factor = max(1, min(image.size) // least_side)
    if image.mode == "RGB" and not image.has_transparency_data:  # as nearly all are: no copies
        return image.reduce(factor) if factor > 1 else image
    full_scale = _full_scale(image)
    width, height = image.size
    result = Image.new("RGB", (math.ceil(width / factor), math.ceil(height / factor)))
    for top, strip in _strips(image, factor):
        result.paste(_strip_to_rgb(strip, full_scale).reduce(factor), (0, top // factor))
    return result


def _strips(image: Image.Image, factor: int = 1) -> Iterator[tuple[int, Image.Image]]:
    """The picture's rows, about a megapixel at a time and by multiples of the factor."""
    width, height = image.size
    rows = factor * max(1, _STRIP_PIXELS // (width * factor))
    for top in range(0, height, rows):
        yield top, image.crop((0, top, width, min(top + rows, height)))


def _strip_to_rgb(image: Image.Image, full_scale: float) -> Image.Image:
    if image.mode.startswith("I") or image.mode == "F":
        # Pillow's own conversion clips at 255 and turns such a picture white.
        grey = np.nan_to_num(np.asarray(image, dtype=np.float32), posinf=full_scale, neginf=0.0)
        if "transparency" in image.info:  # the one grey of a PNG that stands for nothing
            grey[grey == image.info["transparency"]] = full_scale
        grey8 = np.clip(grey * (255.0 / full_scale), 0, 255).astype(np.uint8)
        return Image.fromarray(grey8).convert("RGB")
    if image.has_transparency_data:
        rgba = image.convert("RGBA")
        white = Image.new("RGBA", rgba.size, (255, 255, 255, 255))
        return Image.alpha_composite(white, rgba).convert("RGB")
    return image.convert("RGB")


def _full_scale(image: Image.Image) -> float:
    """The value that stands for white, in modes of more than 8 bits."""
    if image.mode.startswith("I;16"):
        return 65535.0
    if image.mode not in ("I", "F"):
        return 255.0
    strips = (np.asarray(strip, dtype=np.float32) for _, strip in _strips(image))
    top = max(float(values.max(initial=0.0, where=np.isfinite(values))) for values in strips)
    # What was sharpened or scaled in floating point shoots over white by a little.
    slack = 2.0 if image.mode == "F" else 1.0
    return next((scale for scale in (1.0, 255.0, 65535.0) if top <= slack * scale), top)
