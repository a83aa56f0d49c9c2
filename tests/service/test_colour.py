"""Large pictures become RGB strip by strip, and no different for it."""

import tracemalloc

import numpy as np
import pytest
from PIL import Image

from service import colour

WIDTH, HEIGHT = 2003, 1501  # several strips, and no multiple of anything


def gradient(mode: str) -> Image.Image:
    """Grey from 0 above to white below, in any grey mode; half transparent in LA."""
    rows = np.linspace(0, 1, HEIGHT)[:, None].repeat(WIDTH, 1)
    if mode == "F":
        return Image.fromarray(rows.astype(np.float32))
    if mode == "I;16":
        return Image.fromarray((rows * 65535).astype(np.uint16))
    grey = Image.fromarray((rows * 255).astype(np.uint8))
    if mode == "LA":
        grey.putalpha(128)
    return grey.convert(mode)


@pytest.mark.parametrize("mode", ["L", "RGB", "I;16", "F", "LA", "CMYK"])
def test_a_shrunk_gradient_is_the_same_gradient(mode: str) -> None:
    shrunk = np.asarray(colour.to_rgb(gradient(mode), 512))
    factor = HEIGHT // 512
    expected = np.linspace(0, 255, HEIGHT)
    if mode == "LA":
        expected = expected * 128 / 255 + 255 * 127 / 255  # laid over white
    for row in (0, 100, len(shrunk) // 2, len(shrunk) - 1):
        source = expected[row * factor : (row + 1) * factor].mean()
        assert np.abs(shrunk[row].astype(float) - source).max() <= 2


def test_a_small_picture_keeps_its_size_and_its_values() -> None:
    noise = np.random.default_rng(1).integers(0, 256, (300, 700, 3), dtype=np.uint8)
    assert (np.asarray(colour.to_rgb(Image.fromarray(noise), 512)) == noise).all()


def test_the_short_side_never_drops_below_what_is_asked() -> None:
    for side in (512, 1023, 1024, 5000):
        assert min(colour.to_rgb(Image.new("L", (side, side + 300)), 512).size) >= 512


@pytest.mark.parametrize(
    ("value", "shade"), [(np.inf, 255), (-np.inf, 0), (np.nan, 0)], ids=["inf", "-inf", "nan"]
)
def test_a_value_that_is_no_number_darkens_no_other(value: float, shade: int) -> None:
    grey = np.full((300, 700), 0.5, dtype=np.float32)
    grey[:, 350:] = 1
    grey[0, 0] = value
    shades = np.asarray(colour.to_rgb(Image.fromarray(grey), 512))
    assert (shades[0, 0] == shade).all()
    assert (shades[1:, :350] == 127).all()
    assert (shades[:, 350:] == 255).all()


@pytest.mark.parametrize("mode", ["I;16", "F"])
def test_no_copy_of_the_whole_picture_is_made(mode: str) -> None:
    image = Image.new(mode, (4000, 4000))
    colour.to_rgb(Image.new(mode, (8, 8)), 512)  # what is allocated once
    tracemalloc.start()
    try:
        colour.to_rgb(image, 512)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 4000 * 4000  # bytes: not even one a pixel
