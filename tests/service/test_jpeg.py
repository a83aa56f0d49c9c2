"""JPEG: what is beside its pixels neither spoils nor turns it, but for the EXIF orientation."""

import base64
import contextlib
import io
import struct

import numpy as np
import pytest
from PIL import Image

from service import images, jpeg
from tests import pictures
from tests.pictures import BLUE, RED

EXIF, COMMENT, PROFILE = 0xE1, 0xFE, 0xE2
TIFF_HEAD = struct.pack(">2sHI", b"MM", 42, 8)
BYTE, ASCII, SHORT = 1, 2, 3


def segment(marker: int, content: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, 2 + len(content)) + content


def exif(*entries: tuple[int, int, int, bytes]) -> bytes:
    """A segment of tags: each its number, type, count, and a value of at most 4 bytes."""
    tags = b"".join(
        struct.pack(">HHI4s", number, of_type, count, value)
        for number, of_type, count, value in entries
    )
    directory = struct.pack(">H", len(entries)) + tags + bytes(4)
    return segment(EXIF, b"Exif\0\0" + TIFF_HEAD + directory)


TURNED = (0x0112, SHORT, 1, b"\0\6")
IN_INCHES = (0x0128, SHORT, 1, b"\0\2")


def without_jfif(data: bytes) -> bytes:
    assert data[2:4] == b"\xff\xe0"
    return data[:2] + data[20:]


def with_segments(data: bytes, *segments: bytes) -> bytes:
    return data[:2] + b"".join(segments) + data[2:]


def noise(mode: str = "RGB") -> Image.Image:
    small = np.random.default_rng(1).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    return Image.fromarray(small).resize((96, 64)).convert(mode)


@pytest.mark.parametrize(
    "broken",
    [
        exif((0x011A, BYTE, 1, b"H"), IN_INCHES),
        exif((0x011A, ASCII, 3, b"72\0"), IN_INCHES),
        exif((0x011A, SHORT, 0, b""), IN_INCHES),
        segment(EXIF, b"Exif\0\0"),
        segment(EXIF, b"Exif\0\0MM\0*garb"),
        segment(PROFILE, b"ICC_PROFILE\0"),
        segment(PROFILE, b"MPF\0MM\0*"),
        segment(0xE0, b"JFIF"),
        segment(0xEE, b"Adobe"),
        segment(0xED, b"Photoshop 3.0\x008BIM\4"),
        segment(COMMENT, b""),
        b"\xff\xfe\0\0",
    ],
)
def test_damage_in_what_is_no_pixels_spoils_no_picture(broken: bytes) -> None:
    whole = without_jfif(pictures.encode(noise(), "JPEG"))
    pixels = images.network_input(with_segments(whole, broken))
    assert (pixels == images.network_input(whole)).all()


def test_orientation_is_read_beside_tags_that_are_damaged() -> None:
    whole = without_jfif(pictures.plain(kind="JPEG", size=(96, 64)))
    data = with_segments(whole, exif((0x011A, BYTE, 1, b"H"), TURNED, IN_INCHES))
    assert images.decode(data).size == (64, 96)


@pytest.mark.parametrize("orientation", [0, 9, 0xFFFF])
def test_an_orientation_that_is_none_means_upright(orientation: int) -> None:
    entry = (0x0112, SHORT, 1, struct.pack(">H", orientation))
    data = with_segments(pictures.plain(kind="JPEG", size=(96, 64)), exif(entry))
    assert images.decode(data).size == (96, 64)


@pytest.mark.parametrize(
    "between",
    [b"", b"\xff" * 5, b"junk", b"\xff\0\xff\0", b"\xff\xd0"],
    ids=["nothing", "fill bytes", "junk", "stuffed bytes", "restart"],
)
def test_the_first_exif_counts_wherever_it_stands(between: bytes) -> None:
    whole = pictures.plain(kind="JPEG", size=(96, 64))
    front, back = whole[:20], whole[20:]  # behind the JFIF segment
    data = front + between + segment(COMMENT, b"\xff\xda") + exif(TURNED) + exif() + back
    assert images.decode(data).size == (64, 96)


@pytest.mark.parametrize("junk", [b"junk", b"\0", b"\xff", b"\xff\0", b"\xff\xd0"])
def test_junk_behind_what_is_left_out_spoils_no_picture(junk: bytes) -> None:
    whole = without_jfif(pictures.encode(noise(), "JPEG"))
    pixels = images.network_input(with_segments(whole, segment(COMMENT, b"text"), junk))
    assert (pixels == images.network_input(whole)).all()


@pytest.mark.parametrize("tail", [b"\xff", b"\xff\xe1", b"\xff\xe1\0", b"\xff\xe1\xff\xffExif\0\0"])
def test_a_file_that_ends_within_a_segment_is_damaged(tail: bytes) -> None:
    with pytest.raises(images.DamagedImage, match="truncated or damaged"):
        images.decode(pictures.plain(kind="JPEG")[:20] + tail)


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK", "YCbCr"])
@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"keep_rgb": True}])
def test_the_pixels_are_those_of_the_whole_file(mode: str, options: dict[str, bool]) -> None:
    """With Adobe's transform and its inverted CMYK, or without."""
    data = pictures.encode(
        noise(mode), "JPEG", icc_profile=b"profile", comment="comment", exif=Image.Exif(), **options
    )
    pixels, _ = jpeg.pixels_and_exif(data)
    assert b"profile" not in pixels
    with Image.open(io.BytesIO(data)) as image:
        assert np.array_equal(image.convert("RGB"), images.decode(data))
        assert (b"Adobe" in pixels) == ("adobe" in image.info)


def test_thumbnail_in_the_exif_is_not_the_picture() -> None:
    thumbnail = pictures.turned(8)
    content = b"Exif\0\0" + TIFF_HEAD + struct.pack(">HHHI4s", 1, *TURNED) + bytes(4)
    data = with_segments(
        pictures.plain(kind="JPEG", size=(96, 64)), segment(EXIF, content + thumbnail)
    )
    image = images.decode(data)
    assert image.size == (64, 96)
    assert image.getpixel((32, 48)) == pytest.approx(RED, abs=4)


def test_the_first_picture_of_many_is_decoded_upright() -> None:
    first, second = Image.new("RGB", (96, 64), RED), Image.new("RGB", (96, 64), BLUE)
    turn = Image.Exif()
    turn[0x0112] = 6
    data = pictures.encode(first, "MPO", save_all=True, append_images=[second], exif=turn)
    assert b"MPF\0" in data
    image = images.decode(data)
    assert image.size == (64, 96)
    assert image.getpixel((32, 48)) == pytest.approx(RED, abs=4)


def test_a_large_picture_with_metadata_is_decoded_small_all_the_same() -> None:
    data = with_segments(pictures.plain(RED, "JPEG", size=(4000, 3000)), exif(TURNED))
    assert 512 <= min(images.decode(data).size) < 1024


def test_a_file_of_nothing_but_pixels_is_not_copied() -> None:
    data = pictures.plain(kind="JPEG")
    assert jpeg.pixels_and_exif(data)[0] is data


def photograph(mode: str = "RGB") -> Image.Image:
    """Blurred noise, no block of it like another."""
    small = np.random.default_rng(2).integers(0, 256, (24, 32, 3), dtype=np.uint8)
    return Image.fromarray(small).resize((512, 384)).convert(mode)


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize(
    ("options", "part"),
    [
        *(({}, part) for part in (0.0, 0.3, 0.6, 0.95)),
        *(({"restart_marker_rows": 1}, part) for part in (0.0, 0.3, 0.6, 0.95)),
        *(({"progressive": True}, part) for part in (0.0, 0.02)),  # later, all of it is coarse
    ],
)
def test_pixels_that_end_early_are_damaged_though_the_end_is_marked(
    mode: str, options: dict[str, int], part: float
) -> None:
    """libjpeg makes the rest grey and says nothing."""
    whole = pictures.encode(photograph(mode), "JPEG", **options)
    images.decode(whole)
    pixels = whole.index(b"\xff\xda") + 14
    cut = whole[: pixels + round(part * (len(whole) - pixels))]
    with pytest.raises(images.DamagedImage, match="truncated or damaged"):
        images.decode(cut + b"\xff\xd9")


@pytest.mark.parametrize("has_end", [True, False])
@pytest.mark.parametrize("behind", [pictures.plain(kind="JPEG"), b"\xff\xd9", b"junk\xff\xd9"])
def test_pixels_that_end_early_are_damaged_whatever_stands_behind_them(
    has_end: bool, behind: bytes
) -> None:
    """Phones put a second picture behind the first, whose end is not the first's."""
    whole = pictures.encode(photograph(), "JPEG")
    images.decode(whole + behind)
    cut = whole[: len(whole) // 2] + b"\xff\xd9" * has_end
    with pytest.raises(images.DamagedImage, match="truncated or damaged"):
        images.decode(cut + behind)


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize("options", [{}, {"restart_marker_rows": 1}, {"progressive": True}])
@pytest.mark.parametrize("part", [0.3, 0.6, 0.95])
def test_zeros_in_the_place_of_pixels_are_none(
    mode: str, options: dict[str, int], part: float
) -> None:
    """As where a download was given its room before it broke off."""
    whole = pictures.encode(photograph(mode), "JPEG", quality=98, **options)
    images.decode(whole + bytes(1000))
    came = round(part * len(whole))
    with pytest.raises(images.DamagedImage, match="truncated or damaged"):
        images.decode(whole[:came] + bytes(len(whole) - came))


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize("behind", [b"", b"junk", b"\xff\xd9", pictures.plain(kind="JPEG")])
@pytest.mark.parametrize("filling", [b"", b"\xff\xff"], ids=["", "fill bytes before its end"])
def test_grey_is_a_colour_like_others(mode: str, behind: bytes, filling: bytes) -> None:
    grey = Image.new("RGB", (4000, 3000), (128, 128, 128)).convert(mode)
    data = pictures.encode(grey, "JPEG")
    whole = data[:-2] + filling + data[-2:] + behind
    assert np.abs(images.network_input(whole) - 128.0).max() <= 1


# Red over mid-grey, 32 x 32, with arithmetic coding, which Pillow reads but does not write: of
# libjpeg-turbo 2.1.5, `cjpeg -arithmetic -qslots 0 -sample 1x1`, less the JFIF segment.
ARITHMETIC = base64.b64decode(
    "/9j/2wBDAAgGBgcGBQgHBwcJCQgKDBQNDAsLDBkSEw8UHRofHh0aHBwgJC4nICIsIxwcKDcpLDAxNDQ0Hyc5PTgyPC4z"
    "NDL/yQARCAAgACADAREAAhEAAxEA/8wACgAQEAUBEBEF/9oADAMBAAIRAxEAPwD/AKQegmzZe2aLG5awrXCA/9k="
)


@pytest.mark.parametrize("block", [0, 2**16], ids=["small", "larger than a block"])
def test_arithmetic_coding_is_read_however_large_the_file(block: int) -> None:
    """Within such pixels libjpeg cannot wait for the next block of a file, as Pillow makes it."""
    scan = ARITHMETIC.index(b"\xff\xda")
    pixels = scan + 14
    data = ARITHMETIC[:scan] + b"\xff" * (block - pixels - 4) + ARITHMETIC[scan:]
    image = images.decode(data)
    assert image.size == (32, 32)
    assert image.getpixel((16, 4)) == pytest.approx(RED, abs=4)
    assert image.getpixel((31, 31)) == (128, 128, 128)


# Grey noise of 8 x 8 made 64 x 64, likewise, with `-quality 30`.
ARITHMETIC_NOISE = base64.b64decode(
    "/9j/2wBDABsSFBcUERsXFhceHBsgKEIrKCUlKFE6PTBCYFVlZF9VXVtqeJmBanGQc1tdhbWGkJ6jq62rZ4C8ybqmx5moq6"
    "T/yQALCABAAEABAREA/8wABgAQEAX/2gAIAQEAAD8A0lX0Q2v0ZMSO2QipZDcDrsf3RpcCRBLHlYWcLUEXRsPsMtJpvZ/p"
    "C32CYl5hsbU1hhMZipJwUnsbCQ1A06fiYnv16aTszRVUshPknLhVP0UwaKAvxb4p1epCWVI9FVTdO4T1auqRlunUyW3568"
    "0hPiAuxxkyTDIyEgK3TpgH7ej7Bzipdi0gyymyNV3mRhACOqIMdYC+iJktaxk8VXIq2/BjFdkhXlLv7ZlDdSiiaQufMeAm"
    "nm531TQ/ed/S7iG7S8N0zSCyopB/lw70Rvz3ZgvybhaVZlaMxT8wxG7+ZbvipUvPz0Wz22i1hjAdHwGvT2bWZ2Wf2V0yfG"
    "a7LNn2EmFg0RprBWZ2FqU0DBzgwliF1je/I3ueU5fGjJoJcHoAkiAyUBHLZPhhAV4djxnENyra+rhhOE8R9iWkEhdKrdvH"
    "SfYREh77SjZvqv8AnfbuDAFTksD/2Q=="
)


@pytest.mark.parametrize("part", [0.2, 0.5, 0.8])
def test_arithmetic_coding_that_ends_early_is_damaged_whatever_its_colours(part: float) -> None:
    came = round(part * len(ARITHMETIC_NOISE))
    assert images.decode(ARITHMETIC_NOISE).size == (64, 64)
    with pytest.raises(images.DamagedImage, match="truncated or damaged"):
        images.decode(ARITHMETIC_NOISE[:came] + b"\xff\xd9")


@pytest.mark.parametrize("width", [400, 1100])
def test_lossless_coding_is_read_however_large_the_picture(width: int) -> None:
    """Which libjpeg cannot shrink while it decodes (T.81, annex H). All differences are 0."""
    height = 1024
    data = b"".join(
        [
            b"\xff\xd8",
            segment(0xC3, struct.pack(">BHHB3B", 8, height, width, 1, 1, 0x11, 0)),
            segment(0xC4, bytes([0, 1, *[0] * 15, 0])),
            segment(0xDA, bytes([1, 1, 0, 1, 0, 0])),
            bytes(width * height // 8),
            b"\xff\xd9",
        ]
    )
    assert (images.network_input(data) == 128).all()


def test_every_damage_is_read_or_refused() -> None:
    rng = np.random.default_rng(1)
    whole = with_segments(pictures.plain(kind="JPEG"), exif(TURNED), segment(COMMENT, b"text"))
    for _ in range(500):
        damaged = bytearray(whole)
        damaged[rng.integers(2, len(whole))] = rng.integers(256)
        with contextlib.suppress(images.ImageError):
            images.decode(bytes(damaged[: rng.integers(1, len(whole) + 1)]))
