"""What bombs of several kinds are made of."""

import io
import struct
import zlib
from collections.abc import Callable
from functools import cache

from PIL import Image

MANY = 5_000  # frames, scans, chunks
MIB = 1 << 20

BOMBS: dict[str, Callable[[], bytes]] = {}


def bomb(make: Callable[[], bytes]) -> Callable[[], bytes]:
    """Lists a bomb under its name; it is made when first asked for."""
    BOMBS[make.__name__] = cached = cache(make)
    return cached


def zeros(n_bytes: int) -> bytes:
    """So many zeros, deflated a thousandfold (RFC 1950): one block, again and again."""
    deflate = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    block = deflate.compress(bytes(MIB)) + deflate.flush(zlib.Z_FULL_FLUSH)
    rest = deflate.compress(bytes(n_bytes % MIB)) + deflate.flush()
    checksum = (n_bytes % 65_521) << 16 | 1  # Adler-32 of zeros
    return b"\x78\x9c" + block * (n_bytes // MIB) + rest + struct.pack(">I", checksum)


def animation(kind: str, frames: int = MANY) -> bytes:
    """Tiny frames, no two neighbours alike, or an encoder would merge them."""
    first, *others = (Image.new("RGB", (8, 8), (i % 256, i // 256, 0)) for i in range(frames))
    buffer = io.BytesIO()
    first.save(buffer, kind, save_all=True, append_images=others)
    return buffer.getvalue()
