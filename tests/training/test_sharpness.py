"""How blurred a picture is, on pictures whose blur is known."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageFilter

from service.images import SIDE, crop_to_network, decode
from training.sharpness import blur


def of(*images: Image.Image) -> np.ndarray:
    return blur(torch.from_numpy(np.stack([crop_to_network(image) for image in images]))).numpy()


def brought_down(image: Image.Image, side: int) -> Image.Image:
    return image.resize((side, side), Image.Resampling.BILINEAR)


@pytest.fixture(scope="module")
def pink() -> Image.Image:
    """Noise with about the spectrum of photographs: amplitudes fall as frequencies rise."""
    generator = np.random.default_rng(1)
    frequency = np.hypot(*np.meshgrid(*[np.fft.fftfreq(SIDE)] * 2))
    spectrum = np.fft.fft2(generator.normal(size=(3, SIDE, SIDE))) / (frequency + 1 / SIDE) ** 1.5
    waves = np.fft.ifft2(spectrum).real
    scaled = np.clip(128 + 50 * waves / waves.std(), 0, 255)
    return Image.fromarray(scaled.astype(np.uint8).transpose(1, 2, 0))


def test_the_fewer_pixels_were_blown_up_the_more_is_lacking(pink: Image.Image) -> None:
    found = of(*(brought_down(pink, side) for side in (224, 128, 64, 32, 16)))
    assert found[0] == 0
    assert (np.diff(found) >= 0).all()
    assert found[-1] > 0.9


def test_contrast_and_light_matter_little(pink: Image.Image) -> None:
    blurred = pink.filter(ImageFilter.GaussianBlur(2))
    paler = blurred.point(lambda value: 50 + value * 3 // 4)
    expected, found = of(blurred, paler)
    assert 0.3 < expected < 0.9
    assert found == pytest.approx(expected, abs=0.2)


@pytest.mark.parametrize(
    "image",
    [Image.new("RGB", (40, 40), (200, 120, 40)), Image.linear_gradient("L").convert("RGB")],
    ids=["one colour", "gradient"],
)
def test_what_hides_nothing_lacks_nothing(image: Image.Image) -> None:
    assert of(image)[0] == 0


@pytest.mark.photographs
def test_photographs_are_sharp_and_thumbnails_of_them_are_not(photographs: Path) -> None:
    paths = sorted(photographs.glob("[cd]*/*"))[::40]
    squares = [Image.fromarray(crop_to_network(decode(path.read_bytes()))) for path in paths]
    assert len(squares) >= 50
    assert np.mean(of(*squares) == 0) > 0.95
    assert np.median(of(*(brought_down(square, 32) for square in squares))) > 0.8
