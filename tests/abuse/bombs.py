"""Small files that promise much: pixels, frames, text, tags, scans, segments.

Each is a file that its format allows, or nearly so, made here byte by byte. A bomb is
refused, or answered, but costs neither seconds nor gigabytes.
"""

import io
import struct
import zlib
from collections.abc import Callable, Sequence
from functools import cache

from PIL import Image

from tests.pictures import RED, encode, plain

MANY = 5_000  # frames, scans, chunks
MIB = 1 << 20

BOMBS: dict[str, Callable[[], bytes]] = {}


def bomb(make: Callable[[], bytes]) -> Callable[[], bytes]:
    """Lists a bomb under its name; it is made when first asked for."""
    BOMBS[make.__name__] = cached = cache(make)
    return cached


# PNG


def png(*chunks: bytes) -> bytes:
    """A file of chunks; the closing one is added."""
    return b"\x89PNG\r\n\x1a\n" + b"".join((*chunks, chunk(b"IEND", b"")))


def chunk(name: bytes, data: bytes) -> bytes:
    """A chunk with its length and its checksum."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def header(
    width: int, height: int, *, depth: int = 8, colour: int = 2, interlace: int = 0
) -> bytes:
    """IHDR; colour 2 is RGB, 6 RGBA."""
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlace))


def zeros(n_bytes: int) -> bytes:
    """So many zeros, deflated a thousandfold (RFC 1950): one block, again and again."""
    deflate = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    block = deflate.compress(bytes(MIB)) + deflate.flush(zlib.Z_FULL_FLUSH)
    rest = deflate.compress(bytes(n_bytes % MIB)) + deflate.flush()
    checksum = (n_bytes % 65_521) << 16 | 1  # Adler-32 of zeros
    return b"\x78\x9c" + block * (n_bytes // MIB) + rest + struct.pack(">I", checksum)


_PIXEL = chunk(b"IDAT", zeros(4))  # of a PNG of 1 x 1


@bomb
def png_of_3_gigapixels() -> bytes:
    return png(header(60_000, 60_000), chunk(b"IDAT", zeros(MIB)))


@bomb
def png_of_the_most_pixels() -> bytes:
    return png(header(8_000, 8_000), chunk(b"IDAT", zeros(8_000 * 24_001)))


@bomb
def png_of_the_most_pixels_of_64_bits() -> bytes:
    data = zeros(8_000 * 64_001)
    return png(header(8_000, 8_000, depth=16, colour=6), chunk(b"IDAT", data))


@bomb
def png_of_the_most_pixels_interlaced() -> bytes:
    data = zeros(8_000 * 24_001 + 8_000)
    return png(header(8_000, 8_000, interlace=1), chunk(b"IDAT", data))


@bomb
def png_text_of_100_mib() -> bytes:
    return png(header(1, 1), chunk(b"zTXt", b"a\0\0" + zeros(100 * MIB)), _PIXEL)


@bomb
def png_60_texts_of_1_mib() -> bytes:
    text = chunk(b"zTXt", b"a\0\0" + zeros(MIB))
    return png(header(1, 1), text * 60, _PIXEL)


@bomb
def png_profile_of_100_mib() -> bytes:
    return png(header(1, 1), chunk(b"iCCP", b"a\0\0" + zeros(100 * MIB)), _PIXEL)


@bomb
def png_of_empty_chunks() -> bytes:
    return png(header(1, 1), chunk(b"vpAg", b"") * 800_000, _PIXEL)


@bomb
def png_of_many_frames() -> bytes:
    return _animation("PNG")


# GIF


@bomb
def gif_of_4_gigapixels() -> bytes:
    whole = plain(kind="GIF")
    return whole[:6] + struct.pack("<HH", 65_535, 65_535) + whole[10:]


@bomb
def gif_frame_of_4_gigapixels() -> bytes:
    """The canvas is small, the frame on it is not."""
    whole, at = plain(kind="GIF"), _gif_frame()
    return whole[: at + 5] + struct.pack("<HH", 65_535, 65_535) + whole[at + 9 :]


@bomb
def gif_of_the_most_pixels() -> bytes:
    return encode(Image.new("P", (8_000, 8_000)), "GIF")


@bomb
def gif_of_many_frames() -> bytes:
    return _animation("GIF")


@bomb
def gif_of_empty_comments() -> bytes:
    whole, at = plain(kind="GIF"), _gif_frame()
    return whole[:at] + b"!\xfe\x01a\0" * 2_000_000 + whole[at:]


@bomb
def gif_with_a_gap() -> bytes:
    whole, at = plain(kind="GIF"), _gif_frame()
    return whole[:at] + bytes(10_000_000) + whole[at:]


def _gif_frame() -> int:
    """Where the image descriptor of `plain(kind="GIF")` begins."""
    return plain(kind="GIF").index(b",\0\0\0\0")


# JPEG


@bomb
def jpeg_of_4_gigapixels() -> bytes:
    whole = plain(kind="JPEG")
    at = whole.index(b"\xff\xc0") + 5
    return whole[:at] + struct.pack(">HH", 65_500, 65_500) + whole[at + 4 :]


@bomb
def jpeg_of_the_most_pixels_progressive() -> bytes:
    return encode(Image.new("RGB", (8_000, 8_000), RED), "JPEG", progressive=True)


@bomb
def jpeg_of_many_scans() -> bytes:
    """Each scan passes over every block again, and is but some bytes long."""
    whole = encode(Image.new("L", (2_000, 2_000), 128), "JPEG", progressive=True)
    last_scan = whole[whole.rindex(b"\xff\xda") : -2]
    return whole[:-2] + last_scan * MANY + b"\xff\xd9"


@bomb
def jpeg_of_empty_segments() -> bytes:
    return _jpeg_with(b"\xff\xe5\0\2" * 2_500_000)


@bomb
def jpeg_of_empty_comments() -> bytes:
    return _jpeg_with(b"\xff\xfe\0\2" * 2_500_000)


@bomb
def jpeg_of_many_exifs() -> bytes:
    return _jpeg_with(b"\xff\xe1\0\x09Exif\0\0a" * 900_000)


@bomb
def jpeg_of_fill_bytes() -> bytes:
    return _jpeg_with(b"\xff" * 10_000_000)


@bomb
def jpeg_whose_exif_has_60_000_tags() -> bytes:
    """Each tag claims what all of them together are."""
    tags = b"".join(struct.pack("<HHII", tag, 7, 60_000, 0) for tag in range(1, 60_001))
    exif = b"II*\0\x08\0\0\0" + struct.pack("<H", 60_000) + tags
    return _jpeg_with(
        b"".join(exif_segment(exif[i : i + 65_000]) for i in range(0, len(exif), 65_000))
    )


def exif_segment(data: bytes) -> bytes:
    """An APP1 segment of a JPEG; of at most 65,527 bytes."""
    return b"\xff\xe1" + struct.pack(">H", len(data) + 8) + b"Exif\0\0" + data


def _jpeg_with(segments: bytes) -> bytes:
    whole = plain(kind="JPEG")
    return whole[:2] + segments + whole[2:]


# BMP


@bomb
def bmp_of_4_exapixels() -> bytes:
    whole = plain(kind="BMP")
    return whole[:18] + struct.pack("<ii", 2**31 - 1, 2**31 - 1) + whole[26:]


@bomb
def bmp_of_runs_of_one() -> bytes:
    return _run_length_bmp(2_236, b"\x01\x00" * 5_000_000)


@bomb
def bmp_of_steps_to_nowhere() -> bytes:
    return _run_length_bmp(8_000, b"\0\2\0\0" * 2_600_000)


def _run_length_bmp(side: int, codes: bytes) -> bytes:
    """A picture of 8 bits with a black palette."""
    start = 14 + 40 + 1024
    info = struct.pack("<IiiHHIIiiII", 40, side, side, 1, 8, 1, len(codes), 0, 0, 256, 0)
    return (
        b"BM" + struct.pack("<IHHI", start + len(codes), 0, 0, start) + info + bytes(1024) + codes
    )


# TIFF


def tiff(tags: Sequence[tuple[int, int, int, int]], data: bytes = b"", after: int = 0) -> bytes:
    """A little-endian file of one directory.

    Args:
        tags: tag, type (3 is 16 bits, 4 is 32, 7 is bytes), count, value or offset.
        data: what follows the directory; see `tiff_data_at`.
        after: offset of the next directory.
    """
    entries = b"".join(struct.pack("<HHII", *tag) for tag in tags)
    head = struct.pack("<2sHIH", b"II", 42, 8, len(tags))
    return head + entries + struct.pack("<I", after) + data


def tiff_data_at(n_tags: int) -> int:
    """Where `data` of a file of so many tags begins."""
    return 8 + 2 + 12 * n_tags + 4


def grey_tiff_tags(
    width: int, height: int, *, compression: int = 1
) -> list[tuple[int, int, int, int]]:
    """Width, height, 8 bits, compression (1 none, 8 deflate), black is 0."""
    return [
        (256, 4, 1, width),
        (257, 4, 1, height),
        (258, 3, 1, 8),
        (259, 3, 1, compression),
        (262, 3, 1, 1),
    ]


_ONE_STRIP = [(273, 4, 1, 8), (277, 3, 1, 1), (278, 3, 1, 1), (279, 4, 1, 1)]


@bomb
def tiff_of_16_exapixels() -> bytes:
    return tiff(grey_tiff_tags(2**32 - 1, 2**32 - 1) + _ONE_STRIP)


@bomb
def tiff_of_the_most_pixels_of_32_bits() -> bytes:
    pixels, at = zeros(256_000_000), tiff_data_at(10)
    of_strip = [(273, 4, 1, at), (277, 3, 1, 1), (278, 4, 1, 8_000), (279, 4, 1, len(pixels))]
    tags = grey_tiff_tags(8_000, 8_000, compression=8) + of_strip + [(339, 3, 1, 3)]  # floating
    tags[2] = (258, 3, 1, 32)
    return tiff(tags, pixels)


@bomb
def tiff_of_a_million_strips() -> bytes:
    """One pixel a strip, and all of them the same byte."""
    n, at = 1_000_000, tiff_data_at(9)
    strips = [(273, 4, n, at), (277, 3, 1, 1), (278, 3, 1, 1), (279, 4, n, at + 4 * n)]
    return tiff(grey_tiff_tags(1, n) + strips, struct.pack("<I", 8) * n + struct.pack("<I", 1) * n)


@bomb
def tiff_of_60_000_tags() -> bytes:
    """Each of 8 MiB: half a terabyte, were all of them read."""
    tags = [(tag, 7, 8 * MIB, 8) for tag in range(301, 60_301)]
    return tiff(grey_tiff_tags(1, 1) + _ONE_STRIP + tags, bytes(8 * MIB))


@bomb
def tiff_that_follows_itself() -> bytes:
    return tiff(grey_tiff_tags(1, 1) + _ONE_STRIP, after=8)


# WebP


@bomb
def webp_of_268_megapixels() -> bytes:
    """Of the extended kind: the canvas is announced apart from the pixels."""
    flags_and_canvas = bytes(4) + (2**14 - 2).to_bytes(3, "little") * 2
    body = b"VP8X" + struct.pack("<I", 10) + flags_and_canvas + plain(kind="WEBP")[12:]
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body


@bomb
def webp_of_the_most_pixels() -> bytes:
    return encode(Image.new("RGB", (8_000, 8_000)), "WEBP", lossless=True, method=0)


@bomb
def webp_of_many_frames() -> bytes:
    return _animation("WEBP")


# AVIF


@bomb
def avif_of_4_gigapixels() -> bytes:
    """`ispe` is where the container says how large the picture is."""
    whole = plain(kind="AVIF")
    at = whole.index(b"ispe") + 8
    return whole[:at] + struct.pack(">II", 65_500, 65_500) + whole[at + 8 :]


@bomb
def avif_that_is_larger_than_it_says() -> bytes:
    """Says 64 x 48; what is inside is 4,000 x 4,000."""
    whole = encode(Image.new("RGB", (4_000, 4_000)), "AVIF", speed=10)
    at = whole.index(b"ispe") + 8
    return whole[:at] + struct.pack(">II", 64, 48) + whole[at + 8 :]


@bomb
def avif_of_the_most_pixels() -> bytes:
    return encode(Image.new("RGB", (8_000, 8_000)), "AVIF", speed=10)


@bomb
def avif_of_many_frames() -> bytes:
    return _animation("AVIF", frames=500)


def _animation(kind: str, frames: int = MANY) -> bytes:
    """Tiny frames, no two neighbours alike, or an encoder would merge them."""
    first, *others = (Image.new("RGB", (8, 8), (i % 256, i // 256, 0)) for i in range(frames))
    buffer = io.BytesIO()
    first.save(buffer, kind, save_all=True, append_images=others)
    return buffer.getvalue()
