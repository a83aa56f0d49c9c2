"""The two photographs that the page shows: of the starter set, 32 x 32 pixels (data/starter.py).

They lie in lessons/photographs/ as they come out of it, cat/0060.png and dog/0069.png.
"""

from pathlib import Path

import numpy as np
from PIL import Image

FOLDER = Path(__file__).parent / "photographs"
LABELS = ("cat", "dog")
GREY = np.array([0.299, 0.587, 0.114])  # how bright red, green and blue seem (ITU-R BT.601)


def photograph(label: str) -> np.ndarray:
    """That of a `cat` or a `dog`, (32, 32, 3) uint8, RGB."""
    return np.asarray(Image.open(FOLDER / f"{label}.png"))


def grey(image_uint8: np.ndarray) -> np.ndarray:
    """(H, W, 3) uint8 to its brightness, (H, W) float64, 0 to 255."""
    brightness: np.ndarray = image_uint8 @ GREY
    return brightness


def as_uint8(values: np.ndarray) -> np.ndarray:
    """What a screen can show of numbers of any shape: whole, 0 to 255, what is beyond cut off."""
    shown: np.ndarray = np.rint(values).clip(0, 255).astype(np.uint8)
    return shown
