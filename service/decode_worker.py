"""Decodes picture after picture for the process that speaks HTTP, out of that one's reach.

`service.decode_process` starts it as `python -m service.decode_worker`, with a Unix socket
as its standard input, on which both talk. Integers are little-endian:

    picture    max_pixels u64, cpu_s f64, n_bytes u64, the bytes
    RECEIVED   once the picture has come whole: what follows is this picture's doing
    reply      outcome u8, n_bytes u64, the pixels or the message

Nothing here is a pickle: whoever takes this process over through a picture can send
back wrong pixels, and nothing else. It ends when its socket does.
"""

import contextlib
import os
import resource
import signal
import socket
import struct
import sys

from PIL import AvifImagePlugin

from service import images

PICTURE = struct.Struct("<QdQ")
RECEIVED = b"\x06"  # ASCII's ACK
REPLY = struct.Struct("<BQ")
PIXELS = 0  # outcome: (224, 224, 3) uint8, RGB, in C order; any other is 1 + index of its error
ERRORS = (
    images.EmptyImage,
    images.UnsupportedImage,
    images.TooManyPixels,
    images.DamagedImage,
)  # the message follows, in UTF-8

# Address space, of which some 150 MiB are Python and its libraries. The most that 64
# megapixels took: 1,206 MiB (WebP: two canvases, and the pixels twice more). AVIF of 4:4:4
# with alpha took 939 MiB at 8 bits a sample; at 10 bits its planes are 250 MiB larger.
MEMORY_BYTES = 1536 * 2**20
# Whoever waits gives up long before. It ends what a dead parent left running.
MAX_S = 30


def main() -> None:
    """Answer until the socket ends."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # until then the parent's last requests need us
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1  # there are as many of us as cores
    images.load_decoders()
    _silence_libraries()
    channel = socket.socket(fileno=sys.stdin.fileno())
    _confine()
    with contextlib.suppress(ConnectionError), channel.makefile("rb") as incoming:
        while len(header := incoming.read(PICTURE.size)) == PICTURE.size:
            max_pixels, cpu_s, n_bytes = PICTURE.unpack(header)
            data = incoming.read(n_bytes)
            if len(data) < n_bytes:
                break
            channel.sendall(RECEIVED)
            signal.alarm(MAX_S)
            signal.setitimer(signal.ITIMER_PROF, cpu_s)  # at its end, SIGPROF ends the process
            outcome, body = _decode(data, max_pixels)
            signal.setitimer(signal.ITIMER_PROF, 0)
            signal.alarm(0)
            channel.sendall(REPLY.pack(outcome, len(body)) + body)


def _decode(data: bytes, max_pixels: int) -> tuple[int, bytes]:
    try:
        return PIXELS, images.network_input(data, max_pixels=max_pixels).tobytes()
    except images.ImageError as exc:
        return 1 + ERRORS.index(type(exc)), str(exc).encode()


def _silence_libraries() -> None:
    """What libtiff prints about a client's picture is not for the log; our tracebacks are."""
    sys.stderr = os.fdopen(os.dup(2), "w")
    os.dup2(1, 2)  # which is /dev/null


def _confine() -> None:
    """From here on no file and no connection can be opened, and memory is bounded."""
    limits = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_NOFILE: 3,  # the standard ones
    }
    if sys.platform != "darwin":  # which counts libraries that all processes share, and refuses
        limits[resource.RLIMIT_AS] = MEMORY_BYTES
    for limit, most in limits.items():
        _, hard = resource.getrlimit(limit)
        if hard != resource.RLIM_INFINITY:
            most = min(most, hard)
        resource.setrlimit(limit, (most, most))


if __name__ == "__main__":
    main()
