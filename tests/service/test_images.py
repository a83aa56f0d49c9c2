"""service.images: what the network gets to see."""

import contextlib
import io
import struct
import tracemalloc
import zlib

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from service import images
from tests import pictures
from tests.pictures import BLUE, RED


def test_network_input_is_a_contiguous_upright_uint8_square() -> None:
    pixels = images.network_input(pictures.plain(RED, size=(300, 200)))
    assert (pixels.shape, pixels.dtype) == ((224, 224, 3), np.uint8)
    assert pixels.flags.c_contiguous
    assert (pixels == RED).all()


def test_network_sees_the_central_square_and_nothing_beside_it() -> None:
    wide = Image.new("RGB", (400, 100), (255, 255, 255))
    wide.paste(RED, (145, 0, 255, 100))  # interpolation looks a little beyond the square
    assert (images.crop_to_network(wide) == RED).all()


def test_shrinking_averages_rather_than_picks() -> None:
    """A fine chequerboard becomes grey; without antialiasing it would become noise."""
    board = (np.indices((1000, 1000)).sum(axis=0) % 2 * 255).astype(np.uint8)
    pixels = images.crop_to_network(Image.fromarray(board).convert("RGB"))
    assert np.abs(pixels.astype(int) - 127).max() <= 2


def test_large_jpeg_is_decoded_small_but_never_below_512() -> None:
    image = images.decode(pictures.plain(RED, "JPEG", size=(4000, 3000)))
    assert 512 <= min(image.size) < 1024


def test_dct_scaling_changes_what_the_network_sees_by_little() -> None:
    noise = Image.effect_noise((60, 45), 80).resize((2400, 1800), Image.Resampling.BICUBIC)
    data = pictures.encode(noise.convert("RGB"), "JPEG", quality=95)
    with Image.open(io.BytesIO(data)) as whole:
        direct = images.crop_to_network(whole.convert("RGB"))
    scaled = images.network_input(data)
    assert np.abs(direct.astype(int) - scaled.astype(int)).mean() < 1.5


@pytest.mark.parametrize("kind", images.KINDS, ids=lambda kind: kind.decoder)
def test_kind_is_told_from_the_bytes(kind: images.Kind) -> None:
    data = pictures.plain(kind=kind.decoder)
    assert images.sniff(data) == kind


@pytest.mark.parametrize(
    "data", [b"", b"hello", b"%PDF-1.7", b"RIFF1234WAVE", b"BMW, the car maker", b"\0\0\0 ftypmp42"]
)
def test_other_bytes_are_of_no_kind(data: bytes) -> None:
    assert images.sniff(data) is None


def test_empty_unsupported_damaged_and_oversized_are_told_apart() -> None:
    with pytest.raises(images.EmptyImage, match="0 bytes"):
        images.decode(b"")
    with pytest.raises(images.UnsupportedImage, match="image/webp"):
        images.decode(b"hello")
    with pytest.raises(images.DamagedImage, match="truncated or damaged"):
        images.decode(pictures.truncated_jpeg())
    with pytest.raises(images.TooManyPixels, match=r"100 x 100 = 10,000 pixels"):
        images.decode(pictures.plain(size=(100, 100)), max_pixels=9_999)


@pytest.mark.parametrize("kind", images.KINDS, ids=lambda kind: kind.decoder)
def test_every_truncation_of_every_kind_is_read_or_refused(kind: images.Kind) -> None:
    data = pictures.plain(kind=kind.decoder)
    for end in range(1, len(data), max(1, len(data) // 40)):
        with contextlib.suppress(images.ImageError):
            images.decode(data[:end])


def test_pixels_are_counted_before_they_are_decoded() -> None:
    """A PNG that announces 60,000 x 60,000 pixels and holds none."""
    data = bytearray(pictures.png((1, 1), 8, 2, b""))
    data[16:24] = struct.pack(">II", 60_000, 60_000)
    data[29:33] = struct.pack(">I", zlib.crc32(data[12:29]))
    with pytest.raises(images.TooManyPixels, match="64 million"):
        images.decode(bytes(data))


WITH_ORIENTATION = [k for k in images.KINDS if k not in (images.GIF, images.BMP)]


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", WITH_ORIENTATION, ids=lambda kind: kind.decoder)
def test_every_kind_is_turned_upright_exactly_once(kind: images.Kind, orientation: int) -> None:
    image = images.decode(pictures.turned(orientation, kind.decoder))
    assert image.size == (96, 64)
    for place, rgb in {(8, 8): (255, 255, 255), (80, 16): RED, (80, 48): BLUE}.items():
        assert image.getpixel(place) == pytest.approx(rgb, abs=12)


XMP = b'<rdf:Description xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="6"/>'


@pytest.mark.parametrize("exif", [False, True], ids=["no EXIF", "EXIF of no orientation"])
@pytest.mark.parametrize("kind", ["JPEG", "MPO", "PNG", "WEBP", "AVIF", "TIFF"])
def test_only_exif_turns_a_picture(kind: str, exif: bool) -> None:
    """Browsers turn none by its XMP, where programs that have turned its pixels forget the old."""
    upright = Image.open(io.BytesIO(pictures.turned(1, "PNG")))
    options = {
        "PNG": {"pnginfo": xmp_of_png()},
        "TIFF": {"tiffinfo": {700: XMP}},
        "MPO": {"xmp": XMP, "quality": 95, "save_all": True, "append_images": [upright]},
    }.get(kind, {"xmp": XMP, "quality": 95})
    if exif:
        resolution = Image.Exif()
        resolution.update({0x011A: 72.0, 0x0128: 2})
        options["exif"] = resolution
    data = pictures.encode(upright, kind, **options)
    assert b"tiff:Orientation" in data
    image = images.decode(data)
    assert image.size == (96, 64)
    assert image.getpixel((80, 48)) == pytest.approx(BLUE, abs=12)


def xmp_of_png() -> PngImagePlugin.PngInfo:
    info = PngImagePlugin.PngInfo()
    info.add_itxt("XML:com.adobe.xmp", XMP.decode())
    return info


def test_a_big_tiff_is_decoded() -> None:
    data = pictures.encode(Image.new("RGB", (64, 48), RED), "TIFF", big_tiff=True)
    assert data.startswith(b"II+\0")
    assert (images.network_input(data) == RED).all()


def test_a_big_tiff_that_pillow_cannot_read_is_called_a_variant_of_its_kind() -> None:
    with pytest.raises(images.DamagedImage, match=r"image/tiff .* of a variant that is not read"):
        images.decode(b"MM\0+\0\x08\0\0" + bytes(100))


def samples(*values: int) -> bytes:
    """A row of 64 pixels of these 16-bit samples."""
    return struct.pack(f">{len(values)}H", *values) * 64


@pytest.mark.parametrize(
    ("colour", "row"),
    [(2, samples(0xC8C8, 0x1414, 0x1414)), (6, samples(0xC8C8, 0x1414, 0x1414, 0xFFFF))],
    ids=["RGB", "RGBA"],
)
def test_16_bit_colours_keep_their_values(colour: int, row: bytes) -> None:
    assert (images.network_input(pictures.png((64, 48), 16, colour, row)) == RED).all()


@pytest.mark.parametrize("grey", [0x1414, 0x1415])
def test_the_transparent_grey_of_a_16_bit_picture_is_white(grey: int) -> None:
    transparent = b"tRNS" + struct.pack(">H", 0x1414)
    data = pictures.png((64, 48), 16, 0, samples(grey), transparent)
    assert (images.network_input(data) == (255 if grey == 0x1414 else 20)).all()


@pytest.mark.parametrize(("depth", "row"), [(1, b"\0\xff"), (2, b"\x55\xaa"), (4, b"\x33\xcc")])
def test_the_transparent_grey_of_a_picture_of_few_bits_is_white(depth: int, row: bytes) -> None:
    """The left half is of that grey, the right half of another."""
    left, right = row[:1] * 8 * depth, row[1:] * 8 * depth
    transparent = b"tRNS" + struct.pack(">H", row[0] & 2**depth - 1)
    data = pictures.png((128, 128), depth, 0, left + right, transparent)
    pixels = images.network_input(data)
    assert (pixels[:, :100] == 255).all()
    assert (pixels[:, 124:] == (row[1] if depth > 1 else 255)).all()


def test_what_the_first_frame_of_a_gif_leaves_of_its_canvas_is_white() -> None:
    """As browsers show it; Pillow fills it with whatever colour is the palette's first."""
    data = bytearray(pictures.plain(RED, "GIF", size=(32, 64)))
    data[6:10] = struct.pack("<HH", 64, 64)
    pixels = images.network_input(bytes(data))
    assert (pixels[:, :100] == RED).all()
    assert (pixels[:, 124:] == 255).all()


@pytest.mark.parametrize("canvas", [(16, 16), (32, 16)], ids=["all of it", "a part"])
def test_a_grey_frame_of_a_coloured_gif_is_grey(canvas: tuple[int, int]) -> None:
    """Pillow takes a frame whose palette is the grey ramp for grey, and then colours it again."""
    grey = np.arange(256, dtype=np.uint8).reshape(16, 16)
    data = pictures.encode(Image.fromarray(grey), "GIF")
    head, ramp, rest = data[:13], data[13 : 13 + 768], data[13 + 768 :]
    colours = bytes(v for i in range(256) for v in (255 - i, 0, i))
    assert rest.startswith(b",\0\0\0\0\x10\0\x10\0")
    frame = rest[:9] + bytes([rest[9] | 0x87]) + ramp + rest[10:]
    made = head[:6] + struct.pack("<HH", *canvas) + head[10:] + colours + frame
    shown = np.asarray(images.decode(made))
    assert (shown[:, :16] == grey[..., None]).all()
    assert (shown[:, 16:] == 255).all()


def test_what_the_first_frame_of_a_webp_leaves_of_its_canvas_is_white() -> None:
    """Made of a file of one frame, which is told to be smaller, and to lie aside."""
    frames = [Image.new("RGB", (64, 64), RED), Image.new("RGB", (64, 64), BLUE)]
    out = io.BytesIO()
    frames[0].save(out, "WEBP", save_all=True, append_images=frames[1:], lossless=True)
    data = bytearray(out.getvalue())
    data[24:30] = (127).to_bytes(3, "little") + (63).to_bytes(3, "little")  # the canvas: 128 x 64
    middle = images.decode(bytes(data))
    assert middle.size == (128, 64)
    assert middle.getpixel((32, 32)) == RED
    assert middle.getpixel((96, 32)) == (255, 255, 255)


def test_picture_in_front_of_an_animation_that_it_is_no_part_of_counts() -> None:
    still, *frames = (Image.new("RGB", (64, 48), rgb) for rgb in (RED, BLUE, BLUE))
    data = pictures.encode(still, "PNG", save_all=True, append_images=frames, default_image=True)
    assert (images.network_input(data) == RED).all()


def gif_of_other_sizes(canvas: tuple[int, int], frame: tuple[int, int]) -> bytes:
    data = bytearray(pictures.plain(kind="GIF", size=(8, 8)))
    data[6:10] = struct.pack("<HH", *canvas)
    where = data.index(b",\0\0\0\0\x08\0\x08\0") + 5
    data[where : where + 4] = struct.pack("<HH", *frame)
    return bytes(data)


@pytest.mark.parametrize(
    ("canvas", "frame"), [((9000, 9000), (8, 8)), ((8, 8), (9000, 9000)), ((65535, 65535), (8, 8))]
)
def test_pixels_of_a_gif_are_those_of_canvas_and_frame(
    canvas: tuple[int, int], frame: tuple[int, int]
) -> None:
    with pytest.raises(images.TooManyPixels, match="64 million"):
        images.decode(gif_of_other_sizes(canvas, frame))


@pytest.mark.parametrize("chunk", [b"iCCPa\0\0", b"zTXta\0\0", b"iTXta\0\1\0\0\0"])
def test_a_bomb_in_what_is_no_pixels_neither_goes_off_nor_spoils_the_picture(chunk: bytes) -> None:
    """Profiles of screens have megabytes, and so has what some programs write about a picture."""
    bomb = chunk + zlib.compress(bytes(50_000_000), 9)
    data = pictures.png((64, 48), 8, 2, bytes(64 * 3), bomb)
    tracemalloc.start()
    try:
        assert (images.network_input(data) == 0).all()
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak_bytes < 10_000_000


@pytest.mark.parametrize("chunk", [b"pHYs\0", b"gAMA", b"cHRM\0", b"sRGB", b"acTL\0", b"iCCPa\0\5"])
def test_damage_in_what_is_no_pixels_spoils_no_picture(chunk: bytes) -> None:
    data = pictures.png((64, 48), 8, 2, bytes((200, 20, 20)) * 64, chunk)
    assert (images.network_input(data) == RED).all()
