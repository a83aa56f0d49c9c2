"""Pictures spoiled in every way that a seed can name."""

import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from random import Random

from PIL import Image

from service import images
from tests.abuse.bombs import BOMBS
from tests.abuse.bombs.jpeg import exif_segment
from tests.pictures import BLUE, GREEN, RED, encode

_INTERESTING = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFF_FFFF, 0xFFFF_FFFF)
_HEADER_BYTES = 128  # where dimensions, lengths and offsets of small files are
_ONE_BOMB_IN = 40  # mutants: they are few, and the slowest


@dataclass(frozen=True)
class Mutant:
    """name: how it was made, fit for a file's name."""

    name: str
    data: bytes


def mutants(seed: int, *, with_bombs: bool = True) -> Iterator[Mutant]:
    """Without end, the same for the same seed: files of every kind, mutated; a bomb at times."""
    rng = Random(seed)  # noqa: S311 - to be repeated, not to be secret
    while True:
        if with_bombs and rng.randrange(_ONE_BOMB_IN) == 0:
            name = rng.choice(list(BOMBS))
            yield Mutant(name, BOMBS[name]())
            continue
        source, data = rng.choice(originals())
        how = rng.choices(MUTATIONS, k=rng.choice((1, 1, 2)))
        for mutate in how:
            data = mutate(rng, data)
        yield Mutant("-".join([source, *(mutate.__name__ for mutate in how)]), data)


@cache
def originals() -> list[tuple[str, bytes]]:
    """Good files by name: every kind, and the variants that decoders have code of their own for."""
    noise = Image.effect_noise((64, 48), 80)
    colour = Image.merge("RGB", [noise, noise.rotate(180), noise.rotate(90)])
    frames = [Image.new("RGB", (16, 16), rgb) for rgb in (RED, BLUE, GREEN)]
    animated = {"save_all": True, "append_images": frames[1:]}
    files = {kind.decoder: encode(colour, kind.decoder) for kind in images.KINDS}
    files |= {f"{kind}-animated": encode(frames[0], kind, **animated) for kind in _ANIMATED}
    files |= {
        f"TIFF-{how}": encode(colour, "TIFF", compression=how)
        for how in ("tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg")
    }
    files |= {
        "JPEG-progressive": encode(colour, "JPEG", progressive=True),
        "JPEG-cmyk": encode(colour.convert("CMYK"), "JPEG"),
        "JPEG-exif": encode(colour, "JPEG", exif=_exif()),
        "PNG-palette": encode(colour.convert("P"), "PNG"),
        "PNG-alpha": encode(colour.convert("RGBA"), "PNG"),
        "PNG-16-bit": encode(noise.convert("I;16"), "PNG"),
        "PNG-exif": encode(colour, "PNG", exif=_exif()),
        "WEBP-lossless": encode(colour.convert("RGBA"), "WEBP", lossless=True),
        "TIFF-group4": encode(noise.convert("1"), "TIFF", compression="group4"),
        "BMP-palette": encode(colour.convert("P"), "BMP"),
    }
    return list(files.items())


_ANIMATED = ("GIF", "PNG", "WEBP", "TIFF", "AVIF")


def _exif() -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010E] = "a description"
    return exif


def truncated(rng: Random, data: bytes) -> bytes:
    return data[: rng.randrange(len(data) + 1)]


def with_bits_flipped(rng: Random, data: bytes) -> bytes:
    spoiled = bytearray(data)
    for _ in range(rng.choice((1, 2, 16)) if spoiled else 0):
        spoiled[rng.randrange(len(spoiled))] ^= 1 << rng.randrange(8)
    return bytes(spoiled)


def with_header_field_changed(rng: Random, data: bytes) -> bytes:
    """A length, a dimension or an offset becomes none, one, huge, or negative."""
    size, layout = rng.choice(((1, "B"), (2, "<H"), (2, ">H"), (4, "<I"), (4, ">I")))
    value = rng.choice(_INTERESTING) & (256**size - 1)
    at = rng.randrange(max(1, min(_HEADER_BYTES, len(data) - size)))
    return data[:at] + struct.pack(layout, value) + data[at + size :]


def with_checksums_mended(rng: Random, data: bytes) -> bytes:
    """A PNG changed within a chunk, so that the change gets past the chunk's checksum."""
    if not data.startswith(b"\x89PNG"):
        return with_header_field_changed(rng, data)
    spoiled = bytearray(with_header_field_changed(rng, data))
    at = 8
    while at + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, at)
        end = at + 8 + length
        if end + 4 > len(data):
            break
        spoiled[at : at + 4] = data[at : at + 4]
        struct.pack_into(">I", spoiled, end, zlib.crc32(spoiled[at + 4 : end]))
        at = end + 4
    return bytes(spoiled)


def with_wrong_magic(rng: Random, data: bytes) -> bytes:
    _, other = rng.choice(originals())
    return other[:12] + data[12:]


def glued_to_another(rng: Random, data: bytes) -> bytes:
    """Half of one kind and half of another, or both one after the other."""
    _, other = rng.choice(originals())
    cut = rng.choice((len(data), rng.randrange(len(data) + 1)))
    return data[:cut] + other[rng.choice((0, rng.randrange(len(other)))) :]


def with_a_block_removed(rng: Random, data: bytes) -> bytes:
    start = rng.randrange(len(data) + 1)
    return data[:start] + data[start + rng.choice((1, 4, 64)) :]


def with_a_block_repeated(rng: Random, data: bytes) -> bytes:
    start = rng.randrange(len(data) + 1)
    end = start + rng.choice((1, 4, 64))
    return data[:end] + data[start:end] * rng.choice((1, 100)) + data[end:]


def with_noise_inside(rng: Random, data: bytes) -> bytes:
    start = rng.randrange(len(data) + 1)
    noise = rng.randbytes(rng.choice((1, 16, 256)))
    return data[:start] + noise + data[start + len(noise) :]


def with_exif_garbage(rng: Random, data: bytes) -> bytes:
    """A JPEG's EXIF of noise behind a good beginning; JPEGs only, others get noise inside."""
    if not data.startswith(b"\xff\xd8"):
        return with_noise_inside(rng, data)
    begin = rng.choice((b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08", b""))
    return data[:2] + exif_segment(begin + rng.randbytes(rng.randrange(2_000))) + data[2:]


Mutation = Callable[[Random, bytes], bytes]
MUTATIONS: tuple[Mutation, ...] = (
    truncated,
    with_bits_flipped,
    with_header_field_changed,
    with_checksums_mended,
    with_wrong_magic,
    glued_to_another,
    with_a_block_removed,
    with_a_block_repeated,
    with_noise_inside,
    with_exif_garbage,
)
