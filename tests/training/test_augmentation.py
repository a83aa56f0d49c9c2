"""Of what augmentation does to a picture, no part decides another."""

import io
from itertools import product

import numpy as np
from PIL import Image

from training.augmentation import Augmentation, BadQuality, JpegCompression

N = 400
GREY = 128


def ramp() -> np.ndarray:
    """Red grows from left to right: a flip shows, and how much of the width a crop kept."""
    picture = np.full((256, 256, 3), GREY, np.uint8)
    picture[..., 0] = np.arange(256)
    return picture


def test_flip_crop_and_colour_are_drawn_independently() -> None:
    augment = Augmentation(corrupted=0.0)
    rows = [augment(ramp(), seed)[112].astype(int) for seed in range(N)]
    is_flipped = np.array([row[0, 0] > row[-1, 0] for row in rows])
    is_recoloured = np.array([bool((row[:, 1] != GREY).any()) for row in rows])
    for flip, colour in product((False, True), repeat=2):
        both = np.mean((is_flipped == flip) & (is_recoloured == colour))
        assert 0.18 < both < 0.32  # a quarter; 0.07 is over three standard errors
    width = np.array([np.ptp(row[:, 0]) for row in rows])  # seen of the picture, of 255
    kept = [width[~is_recoloured & (is_flipped == flip)].mean() for flip in (False, True)]
    assert abs(kept[0] - kept[1]) < 15  # over four standard errors


def test_a_bad_jpeg_has_the_colours_of_any_other() -> None:
    warm = np.zeros((64, 64, 3), np.uint8)
    warm[..., 0] = np.arange(64) * 4
    warm[..., 1] = 60
    file = io.BytesIO()
    Image.fromarray(warm).save(file, "JPEG", quality=7)
    compressed = JpegCompression((7, 7), p=1.0)(image=warm)["image"]
    assert np.array_equal(compressed, np.asarray(Image.open(file)))


def test_a_picture_is_spoiled_the_same_way_again_and_another_otherwise() -> None:
    spoil = BadQuality()
    first, again, other = (spoil(ramp(), sha256) for sha256 in ("0a" * 32, "0a" * 32, "0b" * 32))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
