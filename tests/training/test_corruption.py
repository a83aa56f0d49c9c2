"""Corruptions do what their names and constants say, and always the same."""

import io

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import gaussian_filter

from training import corruption
from training.corruption import CORRUPTIONS, STRENGTHS, Corruption

by_name = {c.name: c for c in CORRUPTIONS}
every_kind = pytest.mark.parametrize("kind", CORRUPTIONS, ids=lambda c: c.name)


@pytest.fixture(scope="module")
def picture() -> np.ndarray:
    """(224, 224, 3) uint8: large smooth shapes, and all of the range."""
    noise = np.random.default_rng(3).integers(0, 256, (7, 7, 3)).astype(np.uint8)
    return np.asarray(Image.fromarray(noise).resize((224, 224), Image.Resampling.BICUBIC))


def distance(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.abs(a.astype(float) - b.astype(float)).mean())


@every_kind
def test_the_same_picture_is_always_spoilt_in_the_same_way(
    kind: Corruption, picture: np.ndarray
) -> None:
    before = picture.copy()
    for strength in range(1, STRENGTHS + 1):
        once, again = kind(picture, strength, "ab"), kind(picture, strength, "ab")
        assert np.array_equal(once, again)
        assert (once.shape, once.dtype) == (picture.shape, np.uint8)
    assert np.array_equal(picture, before)


@every_kind
def test_a_stronger_corruption_is_further_from_the_picture(
    kind: Corruption, picture: np.ndarray
) -> None:
    distances = [distance(kind(picture, s, "ab"), picture) for s in range(1, STRENGTHS + 1)]
    assert len(kind.settings) == STRENGTHS
    assert distances[0] > 0
    assert distances == sorted(distances)
    assert len(set(distances)) == STRENGTHS


def test_other_pictures_get_other_noise_and_one_the_same_but_stronger() -> None:
    grey = np.full((224, 224, 3), 128, np.uint8)
    noise = by_name["noise"]
    weak, strong, other = noise(grey, 1, "ab"), noise(grey, 2, "ab"), noise(grey, 1, "cd")
    fields = [field.astype(float).ravel() - 128 for field in (weak, strong, other)]
    assert np.corrcoef(fields[0], fields[1])[0, 1] > 0.99
    assert abs(np.corrcoef(fields[0], fields[2])[0, 1]) < 0.02


def test_noise_has_the_deviation_that_it_is_named_after() -> None:
    grey = np.full((224, 224, 3), 128, np.uint8)
    noise = by_name["noise"]
    for strength in (1, 2):  # stronger ones are cut off at black and white
        spread = (noise(grey, strength, "ab").astype(float) - 128).std() / 255
        assert spread == pytest.approx(noise.settings[strength - 1], rel=0.01)


def test_blur_is_scipys_gaussian_filter(picture: np.ndarray) -> None:
    """As scikit-image's, which ImageNet-C calls: it is scipy's, cut off at 4 sigma."""
    blur = by_name["blur"]
    for strength, sigma in enumerate(blur.settings, start=1):
        expected = gaussian_filter(
            picture.astype(float), (sigma, sigma, 0), mode="nearest", truncate=4
        )
        found = blur(picture, strength, "ab")
        assert np.abs(found - expected).max() < 0.51


def test_jpeg_is_what_a_file_of_that_quality_holds(picture: np.ndarray) -> None:
    for strength, quality in enumerate((25, 18, 15, 10, 7), start=1):
        file = io.BytesIO()
        Image.fromarray(picture).save(file, "JPEG", quality=quality)
        expected = np.asarray(Image.open(file))
        assert np.array_equal(by_name["JPEG"](picture, strength, "ab"), expected)


@pytest.mark.parametrize(("strength", "code"), [(1, 188), (2, 137), (3, 99)])
def test_darkness_leaves_a_half_a_quarter_an_eighth_of_the_light(strength: int, code: int) -> None:
    """188, 137 and 99 are the sRGB codes of so much of white's light."""
    white = np.full((8, 8, 3), 255, np.uint8)
    assert (by_name["darkness"](white, strength, "ab") == code).all()
    assert not by_name["darkness"](white * 0, strength, "ab").any()


def test_rotation_turns_about_the_centre_by_the_angle(picture: np.ndarray) -> None:
    y, x = np.mgrid[:224, :224] - 111.5
    is_seen = x**2 + y**2 < 105**2  # never in a corner
    for strength, degrees in enumerate(by_name["rotation"].settings, start=1):
        found = by_name["rotation"](picture, strength, "ab")
        either_way = [
            np.asarray(Image.fromarray(picture).rotate(angle, Image.Resampling.BILINEAR))
            for angle in (degrees, -degrees)
        ]
        assert min(distance(found[is_seen], turned[is_seen]) for turned in either_way) < 1
        assert max(distance(found[is_seen], turned[is_seen]) for turned in either_way) > 5


def test_rotation_goes_to_either_side_and_leaves_no_black_corner() -> None:
    ramp = np.linspace(60, 250, 224)[:, np.newaxis, np.newaxis]
    pixels = np.broadcast_to(ramp, (224, 224, 3)).astype(np.uint8)
    turned = [by_name["rotation"](pixels, 4, str(i)) for i in range(20)]
    assert {bool(t[112, 20, 0] < t[112, 200, 0]) for t in turned} == {True, False}
    assert min(int(t.min()) for t in turned) >= 60


def test_settings_are_said_in_words() -> None:
    assert [kind.setting(1) for kind in CORRUPTIONS] == [
        "sigma 1 px",
        "deviation 0.08",
        "quality 25",
        "1/2 of the light",
        "10°",
    ]


def test_rounding_stays_within_a_byte() -> None:
    values = np.array([-3.0, 0.4, 0.6, 254.6, 300.0])
    assert corruption.as_uint8(values).tolist() == [0, 0, 1, 255, 255]
