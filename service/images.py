"""From bytes to what the network sees. Training, evaluation and serving all call this.

The order is fixed: sniff the kind, refuse what is not listed, check the pixel count
from the header, decode (JPEGs at a reduced DCT scale where that loses nothing),
turn upright, convert to RGB, and only then crop and resize.
"""

import importlib
import io
from dataclasses import dataclass
from math import ceil
from typing import NamedTuple, cast

import numpy as np
from PIL import Image

from service import bmp, gif, heic, heif, jpeg, png, tiff, webp
from service.colour import to_rgb
from service.upright import ignore_xmp, orientation, upright

SIDE = 224  # the network sees the central square of a picture, scaled to this side
TRAINING_SIDE = 256  # short side that augmentation crops from
RESAMPLING = Image.Resampling.BILINEAR  # antialiased: Pillow widens the filter when it shrinks
INTERPOLATION = RESAMPLING.name.lower()

# Raised whenever some picture that was read already is read otherwise from then on: what training
# keeps of pictures is good for one of them.
VERSION = 4

MAX_PIXELS = 64_000_000  # the largest common phone sensors give 50 megapixels
MAX_ASPECT = 4.0  # training's uncropped pictures are trimmed to at most this width to height

_LEAST_SIDE = 2 * TRAINING_SIDE  # short side that a large picture is shrunk to on decoding
_SCALE_IT_DOWN = f"Scale it down: {_LEAST_SIDE} pixels on the short side lose nothing."


class ImageError(ValueError):
    """A picture that cannot be answered for. The message is fit for the sender."""


class EmptyImage(ImageError):
    """No bytes came."""


class UnsupportedImage(ImageError):
    """The bytes are not of a kind in `KINDS`."""


class TooManyPixels(ImageError):
    """The header announces more pixels than are allowed, or they do not fit into memory."""


class DamagedImage(ImageError):
    """The kind is right, and the decoder could not read it to the end."""


@dataclass(frozen=True)
class Kind:
    """A kind of image we take: Pillow's name for its decoder, and its media type."""

    decoder: str
    media_type: str


JPEG = Kind("JPEG", "image/jpeg")
PNG = Kind("PNG", "image/png")
GIF = Kind("GIF", "image/gif")
BMP = Kind("BMP", "image/bmp")
TIFF = Kind("TIFF", "image/tiff")
WEBP = Kind("WEBP", "image/webp")
AVIF = Kind("AVIF", "image/avif")
HEIC = Kind("HEIF", "image/heic")
KINDS = (JPEG, PNG, GIF, BMP, TIFF, WEBP, AVIF, *((HEIC,) if heic.is_installed() else ()))

HEAD_BYTES = 128  # as many as `sniff` looks at

_MAGIC = (
    (b"\xff\xd8\xff", JPEG),
    (b"\x89PNG\r\n\x1a\n", PNG),
    (b"GIF87a", GIF),
    (b"GIF89a", GIF),
    (b"II*\x00", TIFF),
    (b"MM\x00*", TIFF),
    (b"II+\x00", TIFF),  # BigTIFF
    (b"MM\x00+", TIFF),  # which Pillow cannot read: it says so, and this kind's message fits
)
_BMP_HEADERS = (12, 40, 52, 56, 64, 108, 124)  # bytes
_BRANDS = {b"avif": AVIF, b"avis": AVIF} | dict.fromkeys(heic.BRANDS, HEIC)
_CONTAINER_BRANDS = (b"mif1", b"msf1")  # "see the compatible brands"


def sniff(data: bytes) -> Kind | None:
    """Tell the kind of image from its first `HEAD_BYTES`; file names and headers lie.

    Returns:
        one of `KINDS`; HEIC also where it is none of them; None for anything else.
    """
    for magic, kind in _MAGIC:
        if data.startswith(magic):
            return kind
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return WEBP
    if data[:2] == b"BM" and int.from_bytes(data[14:18], "little") in _BMP_HEADERS:
        return BMP  # two letters alone would be any text's
    return _sniff_brands(data) if data[4:8] == b"ftyp" else None


def _sniff_brands(data: bytes) -> Kind | None:
    """AVIF and HEIC share a container, ISO/IEC 23008-12; its first box names what is inside."""
    major = data[8:12]
    if major not in _CONTAINER_BRANDS:
        return _BRANDS.get(major)
    end = min(int.from_bytes(data[:4], "big"), HEAD_BYTES)
    compatible = (data[at : at + 4] for at in range(16, end, 4))
    return next((_BRANDS[brand] for brand in compatible if brand in _BRANDS), None)


def load_decoders() -> None:
    """Import at once what `decode` would import at the first picture of some kind."""
    Image.init()
    importlib.import_module("PIL.ImageCms")  # for TIFFs of mode LAB
    if HEIC in KINDS:
        heic.register()


def decode(data: bytes, *, max_pixels: int = MAX_PIXELS) -> Image.Image:
    """Decode one picture: upright, RGB, its first frame.

    A picture much larger than the network needs comes back smaller than it is, a JPEG
    by DCT scaling, any by a whole number; its short side never drops below 512 so.
    Transparency is laid over white. Colour profiles are left alone.

    Args:
        data: the file's bytes.
        max_pixels: width times height allowed, read from the header before decoding.
    Returns:
        mode RGB, at least 1 x 1.
    Raises:
        EmptyImage, UnsupportedImage, TooManyPixels, DamagedImage: see each.
    """
    return decode_and_measure(data, max_pixels=max_pixels)[0]


def decode_and_measure(
    data: bytes, *, max_pixels: int = MAX_PIXELS
) -> tuple[Image.Image, tuple[int, int]]:
    """As `decode`, with width and height from the file's header: before shrinking and turning."""
    if not data:
        raise EmptyImage("The picture is empty: 0 bytes came.")
    kind = sniff(data)
    if kind is None or kind not in KINDS:
        came = "These bytes are not an image of a kind we take."
        if kind is HEIC:
            came = "This is a HEIC picture, and this server lacks the extra that reads them."
        raise UnsupportedImage(f"{came} Send one of: {', '.join(k.media_type for k in KINDS)}.")
    if kind is HEIC:
        heic.register()
    try:
        stored = _load(data, kind, max_pixels)
        return upright(to_rgb(stored.image, _LEAST_SIDE), stored.orientation), stored.size
    except ImageError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as exc:
        raise TooManyPixels(_bomb_message("too many", max_pixels)) from exc
    except MemoryError as exc:
        came = "Decoding the picture takes more memory than is allowed."
        raise TooManyPixels(f"{came} {_SCALE_IT_DOWN}") from exc
    # Whatever a decoder raises (OSError, SyntaxError, struct.error, zlib.error ...)
    # is its verdict on these bytes, and its text can leak our paths.
    except Exception as exc:
        raise DamagedImage(
            f"The picture starts as {kind.media_type} but cannot be read to its end: it is "
            "truncated or damaged, or of a variant that is not read here. Send the whole, "
            "undamaged file, or save the picture anew as a JPEG."
        ) from exc


class _Stored(NamedTuple):
    """A picture as its file has it, but for a JPEG's scale: the size is the header's."""

    image: Image.Image
    size: tuple[int, int]
    orientation: int


def _load(data: bytes, kind: Kind, max_pixels: int) -> _Stored:
    """Decode, with what each kind needs before and after.

    Raises:
        TooManyPixels; and whatever a decoder raises.
    """
    exif = b""
    if kind is PNG:
        data = png.pixels_only(data)
    elif kind is JPEG:
        data, exif = jpeg.pixels_and_exif(data)
    elif kind is BMP:
        data = bmp.with_whole_palette(data)
    elif kind in (AVIF, HEIC):
        _refuse_bomb(heif.size(data), max_pixels)
        if kind is AVIF:
            data = heif.without_exif(data)
        else:
            heif.refuse_early_end(data)
    with Image.open(io.BytesIO(data), formats=[kind.decoder]) as image:
        width, height = size = image.size
        _refuse_bomb(size, max_pixels)
        ignore_xmp(image)
        frame = gif.frame_box(image) if kind is GIF else None
        if kind is JPEG:
            image.decodermaxblock = len(data)  # at once: arithmetic coding cannot stop half way
            if (scale := _LEAST_SIDE / min(size)) < 1 and not jpeg.is_lossless(data):
                image.draft(image.mode, (ceil(width * scale), ceil(height * scale)))
        elif kind is PNG:
            png.mark(image)
        elif kind is GIF:
            gif.keep_grey(image)
        elif kind is TIFF:
            tiff.mend_byte_order(image)
        elif kind is WEBP:
            webp.keep_transparency(image, data)
        image.load()  # which turns a TIFF upright, and takes its orientation away
        if exif:
            image.info["exif"] = exif
        turn, whole = orientation(image), cast(Image.Image, image)
        if kind is JPEG:
            jpeg.refuse_early_end(data, image)
        elif kind is PNG:
            png.refuse_early_end(data, image)
        elif kind is TIFF:
            whole = tiff.mended(image)
        elif kind is BMP:
            whole = bmp.visible(image)
        elif frame is not None:
            whole = gif.uncovered(image, frame)
        return _Stored(whole, size, turn)


def crop_to_network(image: Image.Image) -> np.ndarray:
    """Take the central square, as large as the picture allows, at the network's scale.

    The usual 224 out of 256 would cut off more: it costs 9 more errors on 4,000
    photographs. Only the square is resampled, so that a 10,000 x 1 picture costs
    no more than any other.

    Args:
        image: mode RGB, upright.
    Returns:
        (224, 224, 3) uint8, RGB, contiguous.
    """
    width, height = image.size
    side = min(width, height)
    left, top = (width - side) / 2, (height - side) / 2
    square = image.resize(
        (SIDE, SIDE),
        RESAMPLING,
        box=(left, top, left + side, top + side),
        reducing_gap=3.0,
    )
    return np.asarray(square)


def network_input(data: bytes, *, max_pixels: int = MAX_PIXELS) -> np.ndarray:
    """Bytes to (224, 224, 3) uint8 RGB: `decode`, then `crop_to_network`."""
    return crop_to_network(decode(data, max_pixels=max_pixels))


def shrink_for_training(image: Image.Image) -> np.ndarray:
    """The whole picture, uncropped, small enough to keep: short side 256.

    Augmentation crops from this, so that it replaces the central square and nothing else.

    Returns:
        (H, W, 3) uint8, RGB; min(H, W) is 256, and neither is over four times the other.
    """
    width, height = image.size
    short = min(width, height)
    box_w, box_h = min(width, short * MAX_ASPECT), min(height, short * MAX_ASPECT)
    left, top = (width - box_w) / 2, (height - box_h) / 2
    size = round(box_w / short * TRAINING_SIDE), round(box_h / short * TRAINING_SIDE)
    shrunk = image.resize(
        size,
        RESAMPLING,
        box=(left, top, left + box_w, top + box_h),
        reducing_gap=3.0,
    )
    return np.asarray(shrunk)


def _refuse_bomb(size: tuple[int, int], max_pixels: int) -> None:
    width, height = size
    if width * height > max_pixels:
        many = f"{width} x {height} = {width * height:,}"
        raise TooManyPixels(_bomb_message(many, max_pixels))


def _bomb_message(many: str, max_pixels: int) -> str:
    return (
        f"The picture has {many} pixels; at most {max_pixels / 1e6:g} million are allowed. "
        f"{_SCALE_IT_DOWN}"
    )
