"""Pictures as data URIs, for who shows them without asking again."""

import base64
import io

import numpy as np
from PIL import Image

from service.greying import enlarged

# RGB, told apart by who sees no red or no green (Okabe and Ito, 2008).
CAT, DOG = (0x00, 0x72, 0xB2), (0xD5, 0x5E, 0x00)
QUALITY = 85  # of JPEG
_STEPS = 32  # of opacity: more cannot be told apart, and make the file larger


def photograph(pixels: np.ndarray) -> str:
    """(H, W, 3) uint8 RGB as a JPEG; by eye, the same."""
    return data_uri(Image.fromarray(pixels), "JPEG", quality=QUALITY)


def overlay(activation_map: np.ndarray, side: int) -> str:
    """What spoke for a cat or for a dog, to lay over the picture, as a PNG with transparency.

    Opacity grows with the contribution, from none at 0 to full at the picture's strongest,
    whichever side that is on.

    Args:
        activation_map: (h, w), over 0 for a dog, under 0 for a cat.
        side: of the square that it becomes, in pixels.
    """
    strongest = np.abs(activation_map).max() or 1.0
    share = enlarged(activation_map / strongest, (side, side)).clip(-1, 1)
    rgba = np.empty((side, side, 4), np.uint8)
    rgba[..., :3] = np.where(share[..., np.newaxis] > 0, DOG, CAT)
    rgba[..., 3] = np.rint(np.abs(share) * _STEPS) * 255 / _STEPS
    return data_uri(Image.fromarray(rgba), "PNG")


def feature_map(values: np.ndarray) -> str:
    """(h, w), 0 and over, as a grey PNG of as many pixels: black is 0, white its strongest."""
    strongest = values.max() or 1.0
    return data_uri(Image.fromarray(np.rint(values / strongest * 255).astype(np.uint8)), "PNG")


def data_uri(image: Image.Image, kind: str, **options: int) -> str:
    """Written in `kind`, a format of Pillow's, with its options."""
    file = io.BytesIO()
    image.save(file, kind, **options)
    encoded = base64.b64encode(file.getvalue()).decode()
    return f"data:{Image.MIME[kind]};base64,{encoded}"
