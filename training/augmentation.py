"""What training does to a picture that serving does not: another crop, light and quality."""

import random
from typing import Any

import albumentations as A  # noqa: N812 - the library's own convention
import cv2
import numpy as np

from service.images import SIDE
from training.corruption import jpeg

# There is a worker a core, and OpenCV would start a thread for every core in each. Not in the
# workers: once forked they would wait for threads that only their parent has.
cv2.setNumThreads(1)


class Augmentation:
    """Random crop, flip, colour and bad quality; reproducible picture by picture.

    It replaces the central square of `service.images.crop_to_network` and nothing
    else: uint8 RGB in, uint8 RGB out.
    """

    def __init__(
        self, min_area: float = 0.4, recoloured: float = 0.5, corrupted: float = 0.5
    ) -> None:
        """
        Args:
            min_area: smallest part of the picture that a crop may show, 0 to 1.
            recoloured: share of pictures in another light, 0 to 1.
            corrupted: share of pictures that are made noisy, blurred, badly compressed,
                dark or crooked, 0 to 1.
        """
        self._transform = A.Compose(
            [
                A.RandomResizedCrop(
                    size=(SIDE, SIDE),
                    scale=(min_area, 1.0),
                    ratio=(3 / 4, 4 / 3),
                    interpolation=cv2.INTER_LINEAR,
                    p=1.0,
                ),
                A.HorizontalFlip(p=0.5),
                A.ColorJitter(
                    brightness=(0.8, 1.2),
                    contrast=(0.8, 1.2),
                    saturation=(0.8, 1.2),
                    hue=(-0.02, 0.02),
                    p=recoloured,
                ),
                A.OneOf(_corruptions(), p=corrupted),
            ]
        )

    def __call__(self, image: np.ndarray, seed: int) -> np.ndarray:
        """Augment one picture.

        Args:
            image: (H, W, 3) uint8, RGB.
            seed: decides every random number; the same seed gives the same result in
                any worker.
        Returns:
            (224, 224, 3) uint8, RGB.
        """
        return _applied(self._transform, image, seed)


class BadQuality:
    """Makes a picture noisy, blurred, badly compressed, dark or crooked, at random."""

    def __init__(self) -> None:
        self._transform = A.Compose([A.OneOf(_corruptions(), p=1.0)])

    def __call__(self, pixels: np.ndarray, sha256: str) -> np.ndarray:
        """Spoil one picture; the same picture always in the same way.

        Args:
            pixels: (H, W, 3) uint8, RGB.
            sha256: of its file, hexadecimal; decides every random number.
        Returns:
            (H, W, 3) uint8, RGB.
        """
        return _applied(self._transform, pixels, int(sha256[:8], 16))


class JpegCompression(A.ImageOnlyTransform):
    """Saves a picture as a JPEG of some quality, and reads it again.

    albumentations' own hands our RGB to an encoder that takes it for BGR: what is saved is a
    picture with red and blue exchanged, whose warm colours lose up to half as much again.
    """

    def __init__(self, quality_range: tuple[int, int], p: float) -> None:
        """quality_range: least and most, 1 to 95."""
        super().__init__(p=p)
        self.quality_range = quality_range

    def get_params(self) -> dict[str, Any]:
        return {"quality": self.py_random.randint(*self.quality_range)}

    def apply(self, img: np.ndarray, quality: int, **_: Any) -> np.ndarray:
        return jpeg(img, quality)


def _applied(transform: A.Compose, image: np.ndarray, seed: int) -> np.ndarray:
    """The picture transformed, all transforms drawing from one source.

    A seed, each would get for itself: then all would draw the same numbers, and a picture would be
    flipped, recoloured and spoiled, or nothing of it.
    """
    transform.set_random_state(np.random.default_rng(seed), random.Random(seed))  # noqa: S311 - no secret
    changed: np.ndarray = transform(image=image)["image"]
    return changed


def _corruptions() -> list[A.BasicTransform]:
    """From hardly seen to about as bad as the report's; noise more often, as it costs most."""
    return [
        A.GaussNoise(std_range=(0.03, 0.4), p=1.0),
        A.GaussianBlur(blur_limit=0, sigma_limit=(0.5, 6.0), p=0.6),
        JpegCompression(quality_range=(7, 50), p=0.5),
        A.RandomGamma(gamma_limit=(150, 400), p=0.2),
        A.Rotate(limit=60, border_mode=cv2.BORDER_REFLECT_101, p=0.2),
    ]
