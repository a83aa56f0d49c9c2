"""The same picture without what mattered most: places greyed out, to be asked about again."""

import numpy as np
from PIL import Image, ImageFilter

SHARES = (0.1, 0.2, 0.4)  # of the picture's area, ascending
# ImageNet's mean colour, which standardization turns into 0: the least there is to see.
GREY = (124, 116, 104)
# Hard edges would be something to see themselves: over some 10 pixels the picture fades away.
_FADE_PX = 4


def greyed_out(pixels: np.ndarray, contributions: np.ndarray) -> np.ndarray:
    """Grey out the places that spoke most for an answer.

    Args:
        pixels: (H, W, 3) uint8, RGB.
        contributions: (h, w) how much each place spoke for it; what spoke against it is
            under 0, and goes last.
    Returns:
        (3, H, W, 3) uint8: without each of `SHARES`.
    """
    picture = Image.fromarray(pixels)
    grey = Image.new("RGB", picture.size, GREY)
    height, width = pixels.shape[:2]
    order = (-enlarged(contributions, (width, height))).argsort(axis=None, kind="stable")
    without = []
    for share in SHARES:
        gone = np.zeros(height * width, np.uint8)
        gone[order[: round(share * order.size)]] = 255
        mask = Image.fromarray(gone.reshape(height, width))
        soft = mask.filter(ImageFilter.GaussianBlur(_FADE_PX))
        without.append(np.asarray(Image.composite(grey, picture, soft)))
    return np.stack(without)


def enlarged(values: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """A map of few places as one of many: (h, w) to (H, W) float32, smoothly.

    Args:
        size: width and height.
    """
    image = Image.fromarray(values.astype(np.float32))
    return np.asarray(image.resize(size, Image.Resampling.BICUBIC))
