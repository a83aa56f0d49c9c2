"""Pictures inside the page: JPEGs as data URIs, and activation maps laid over them."""

import cv2
import numpy as np
from PIL import Image

from service import drawing

QUALITY = 80  # of JPEG
_CAT, _DOG = np.array([drawing.CAT, drawing.DOG], np.float32)  # (3,) each, RGB
OPACITY = 0.75  # of the map where it is strongest


def data_uri(pixels: np.ndarray, side: int | None = None) -> str:
    """(H, W, 3) uint8 RGB as a JPEG, scaled to `side` x `side` pixels if given."""
    image = Image.fromarray(pixels)
    if side is not None:
        image = image.resize((side, side), Image.Resampling.BICUBIC)
    return drawing.data_uri(image, "JPEG", quality=QUALITY, optimize=True)


def overlay(pixels: np.ndarray, activation_map: np.ndarray) -> np.ndarray:
    """Colour the places that spoke for a cat or for a dog over a grey picture.

    Args:
        pixels: (H, W, 3) uint8, RGB.
        activation_map: (h, w) contributions to the dog's log-odds. Opacity grows with the
            contribution, and is full at this picture's strongest, whichever side it is on.
    Returns:
        (H, W, 3) uint8, RGB.
    """
    height, width = pixels.shape[:2]
    strongest = np.abs(activation_map).max()
    share = activation_map / strongest if strongest > 0 else np.zeros_like(activation_map)
    share = cv2.resize(share.astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)[..., np.newaxis].astype(np.float32)
    colour = np.where(share[..., np.newaxis] > 0, _DOG, _CAT)
    opacity = OPACITY * np.abs(share).clip(0, 1)[..., np.newaxis]
    laid: np.ndarray = np.rint(grey * (1 - opacity) + colour * opacity)
    return laid.clip(0, 255).astype(np.uint8)
