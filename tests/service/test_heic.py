"""HEIC: read where the extra is installed, and refused with a sentence where it is not."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import service
from service import images, openapi
from service.settings import Settings
from tests import pictures
from tests.pictures import RED

# Runs code as if the extra were not installed: None is neither found nor imported.
_WITHOUT = """
import sys

sys.modules["pillow_heif"] = None
from service import images
"""


def run(code: str, stdin: bytes = b"") -> str:
    done = subprocess.run(
        [sys.executable, "-c", code],
        input=stdin,
        cwd=Path(service.__file__).parent.parent,
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    return done.stdout.decode()


def test_with_the_extra_heic_is_one_more_kind_and_documented() -> None:
    assert images.HEIC in images.KINDS
    document = openapi.document(Settings(), "catdog:x")
    assert "image/heic" in document["info"]["description"]
    assert "image/heic" in document["paths"]["/predict"]["post"]["requestBody"]["content"]


def test_without_the_extra_heic_is_no_kind_and_the_message_names_the_extra() -> None:
    code = """
assert images.HEIC not in images.KINDS
try:
    images.decode(sys.stdin.buffer.read())
except images.UnsupportedImage as exc:
    print(exc)
images.load_decoders()
"""
    message = run(_WITHOUT + code, pictures.plain(kind="HEIF"))
    assert "HEIC" in message
    assert "extra" in message
    assert "image/heic" not in message


def test_importing_images_does_not_import_the_extra() -> None:
    assert run("import sys; from service import images; print('pillow_heif' in sys.modules)") == (
        "False\n"
    )


def test_pixels_are_counted_before_they_are_decoded_and_cropped() -> None:
    """Those of the file are whole blocks of HEVC's; a `clap` box may leave any part of them."""
    with pytest.raises(images.TooManyPixels, match="64 x 64 = "):
        images.decode(pictures.plain(kind="HEIF"), max_pixels=64 * 64 - 1)


def noise() -> Image.Image:
    small = np.random.default_rng(1).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    return Image.fromarray(small).resize((1024, 1024))


@pytest.mark.parametrize("options", [{}, {"tile_size": 512}], ids=["whole", "in tiles"])
@pytest.mark.parametrize("part", [0.3, 0.6, 0.95])
def test_pixels_that_end_early_are_damaged(options: dict[str, int], part: float) -> None:
    """Of tiles, as iPhones make them, libheif leaves out those that it cannot read."""
    whole = pictures.encode(noise(), "HEIF", **options)
    assert images.decode(whole + bytes(16)).size == (512, 512)
    with pytest.raises(images.DamagedImage, match="image/heic"):
        images.decode(whole[: round(part * len(whole))])


@pytest.mark.parametrize("n_bytes", [0, 1, 7])
def test_boxes_of_no_or_other_length_are_left_to_the_decoder(n_bytes: int) -> None:
    data = pictures.plain(RED, "HEIF") + n_bytes.to_bytes(4, "big") + b"free" + bytes(16)
    assert np.abs(images.network_input(data).astype(int) - RED).max() <= 3


def renamed(data: bytes, major: bytes, *compatible: bytes) -> bytes:
    """The same file, with another box of brands in front of it."""
    rest = data[int.from_bytes(data[:4], "big") :]
    brands = major + bytes(4) + b"".join(compatible)
    header = (8 + len(brands)).to_bytes(4, "big") + b"ftyp" + brands
    grown = len(header) + len(rest) - len(data)
    assert grown == 0, "offsets into the file would be wrong"
    return header + rest


@pytest.mark.parametrize(
    "brands",
    [(b"heic", b"mif1"), (b"heix", b"mif1"), (b"mif1", b"heic")],
    ids=lambda brands: brands[0].decode(),
)
def test_brands_tell_heic(brands: tuple[bytes, ...]) -> None:
    data = pictures.plain(RED, "HEIF")
    n_compatible = (int.from_bytes(data[:4], "big") - 16) // 4
    padded = (*brands, *[b"miaf"] * (n_compatible + 1 - len(brands)))
    data = renamed(data, *padded)
    assert images.sniff(data[: images.HEAD_BYTES]) is images.HEIC
    assert np.abs(images.network_input(data).astype(int) - RED).max() <= 3


def test_brands_of_a_sequence_tell_heic() -> None:
    assert images.sniff(b"\0\0\0\x18ftypmsf1\0\0\0\0msf1hevc") is images.HEIC


def test_avif_under_the_container_brand_is_avif() -> None:
    data = b"\0\0\0\x18ftypmif1\0\0\0\0mif1avif"
    assert images.sniff(data) is images.AVIF


@pytest.mark.parametrize("brand", [b"mp42", b"mif1", b"crx "])
def test_other_brands_are_no_picture(brand: bytes) -> None:
    assert images.sniff(b"\0\0\0\x14ftyp" + brand + b"\0\0\0\0isom") is None
