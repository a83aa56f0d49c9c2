"""What training does to a picture that serving does not: another crop, another light."""

import albumentations as A  # noqa: N812 - the library's own convention
import cv2
import numpy as np

from service.images import SIDE


class Augmentation:
    """Random crop, flip and colour; reproducible picture by picture.

    It replaces the central square of `service.images.crop_to_network` and nothing
    else: uint8 RGB in, uint8 RGB out.
    """

    def __init__(self, min_area: float = 0.4) -> None:
        """min_area: smallest part of the picture that a crop may show, 0 to 1."""
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
                    p=0.5,
                ),
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
        self._transform.set_random_seed(seed)
        augmented: np.ndarray = self._transform(image=image)["image"]
        return augmented
