"""The usual corruptions of a picture, at five strengths, as the network sees it.

Noise, blur and JPEG are ImageNet-C's, with its published constants, and like there they are
applied to the 224 x 224 picture that the network gets (Hendrycks and Dietterich, 2019,
arXiv 1903.12261; their make_imagenet_c.py: gaussian_noise, gaussian_blur, jpeg_compression).
ImageNet-C has neither darkness nor rotation; their strengths are ours.
"""

import hashlib
import io
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image

STRENGTHS = 5
Change = Callable[[np.ndarray, float, np.random.Generator], np.ndarray]


@dataclass(frozen=True)
class Corruption:
    """A way to spoil a picture.

    settings: of the five strengths, weakest first.
    unit: what a setting is, with a place for its number.
    change: (H, W, 3) uint8, a setting and random numbers to (H, W, 3) uint8.
    """

    name: str
    settings: tuple[float, ...]
    unit: str
    change: Change

    def __call__(self, pixels: np.ndarray, strength: int, sha256: str) -> np.ndarray:
        """Spoil one picture; the same picture always in the same way.

        Args:
            pixels: (H, W, 3) uint8, RGB.
            strength: 1 to 5.
            sha256: of the picture's file. It decides the random numbers, which are the
                same at every strength, so that a stronger one is nothing but stronger.
        Returns:
            (H, W, 3) uint8, RGB; a new array.
        """
        seed = hashlib.sha256(f"{self.name} {sha256}".encode()).digest()
        random = np.random.default_rng(np.frombuffer(seed, np.uint32))
        return self.change(pixels, self.settings[strength - 1], random)

    def setting(self, strength: int) -> str:
        """A strength's setting in words."""
        return self.unit.format(self.settings[strength - 1])


def blur(pixels: np.ndarray, sigma: float, _: np.random.Generator) -> np.ndarray:
    """Gaussian blur of (H, W, 3) uint8; `sigma` in pixels."""
    reach = int(4 * sigma + 0.5)  # ImageNet-C's scikit-image cuts the kernel off at 4 sigma
    kernel = (2 * reach + 1, 2 * reach + 1)
    blurred = cv2.GaussianBlur(
        pixels.astype(np.float32), kernel, sigma, borderType=cv2.BORDER_REPLICATE
    )
    return as_uint8(blurred)


def noise(pixels: np.ndarray, deviation: float, random: np.random.Generator) -> np.ndarray:
    """Gaussian noise on each value of (H, W, 3) uint8; `deviation` as a share of black to white."""
    field = random.standard_normal(pixels.shape, dtype=np.float32)
    return as_uint8(pixels + 255 * deviation * field)


def jpeg(pixels: np.ndarray, quality: float, _: np.random.Generator | None = None) -> np.ndarray:
    """(H, W, 3) uint8 as a JPEG and back; `quality` 1 to 95, colour at half resolution."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=round(quality))
    with Image.open(file, formats=["JPEG"]) as image:
        return np.asarray(image.convert("RGB")).copy()


def darkness(pixels: np.ndarray, part: float, _: np.random.Generator) -> np.ndarray:
    """Less exposure of (H, W, 3) uint8: one `part` of the light is left, not of its sRGB code.

    Source: the transfer curve of IEC 61966-2-1.
    """
    codes = np.arange(256) / 255
    light = np.where(codes <= 0.04045, codes / 12.92, ((codes + 0.055) / 1.055) ** 2.4)
    light = light / part
    darker = np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)
    table = as_uint8(255 * darker)
    dark: np.ndarray = table[pixels]
    return dark


def rotation(pixels: np.ndarray, degrees: float, random: np.random.Generator) -> np.ndarray:
    """Rotate (H, W, 3) uint8 about the centre, to the side that its random numbers say.

    The corners are filled with the picture's mirror image: black ones would be a second
    corruption, and cropping them away a zoom.
    """
    height, width = pixels.shape[:2]
    angle = degrees if random.random() < 0.5 else -degrees
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), angle, 1.0)
    rotated: np.ndarray = cv2.warpAffine(
        pixels, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101
    )
    return rotated


def as_uint8(values: np.ndarray) -> np.ndarray:
    """Numbers of any shape, each rounded to the nearest of 0 to 255."""
    codes: np.ndarray = np.rint(values).clip(0, 255).astype(np.uint8)
    return codes


CORRUPTIONS = (
    Corruption("blur", (1, 2, 3, 4, 6), "sigma {:g} px", blur),
    Corruption("noise", (0.08, 0.12, 0.18, 0.26, 0.38), "deviation {:g}", noise),
    Corruption("JPEG", (25, 18, 15, 10, 7), "quality {:g}", jpeg),
    Corruption("darkness", (2, 4, 8, 16, 32), "1/{:g} of the light", darkness),
    Corruption("rotation", (10, 20, 30, 45, 60), "{:g}°", rotation),
)
