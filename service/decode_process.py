"""A process that decodes pictures, from its parent's side. `service.decode_worker` is the other."""

import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from service import images
from service.decode_worker import ERRORS, PICTURE, PIXELS, RECEIVED, REPLY

START_TIMEOUT_S = 10  # a quarter of a second on an idle core
_MAX_MESSAGE_BYTES = 4096
_COMMAND = (sys.executable, "-W", "ignore", "-m", "service.decode_worker")
_REPOSITORY = Path(__file__).parent.parent
_KEPT = ("PYTHONHOME", "PYTHONPATH", "LD_LIBRARY_PATH")  # of the environment: what Python needs


class NotReceived(Exception):
    """It was gone, or stuck, before it had the picture whole: not this picture's doing."""


class Crashed(Exception):
    """It died while it decoded the picture."""


class TookTooLong(Exception):
    """It had not decoded the picture in time, or with so much of a core."""


@dataclass(frozen=True)
class Bounds:
    """Of one picture.

    max_pixels: width times height.
    cpu_s: seconds of a core, for which a busy machine is not to blame.
    timeout_s: seconds on the clock.
    """

    max_pixels: int
    cpu_s: float
    timeout_s: float


class DecodeProcess:
    """Started at once, without waiting for it. For one thread at a time."""

    def __init__(self) -> None:
        """Raises: OSError: the system has no process, memory or file descriptor to give."""
        self._channel, theirs = socket.socketpair()
        try:
            with theirs:
                self._process = subprocess.Popen(
                    _COMMAND,
                    stdin=theirs.fileno(),
                    stdout=subprocess.DEVNULL,
                    cwd=_REPOSITORY,
                    env=_environment(),
                    start_new_session=True,  # Ctrl-C is for the parent, which still needs us
                )
        except OSError:
            self._channel.close()
            raise

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def decode(self, data: bytes, bounds: Bounds) -> np.ndarray:
        """Decode one picture; after any error but `ImageError`, close and replace the process.

        Returns:
            (224, 224, 3) uint8, RGB.
        Raises:
            ImageError: as `service.images` judged the picture.
            NotReceived, Crashed, TookTooLong: see each.
        """
        self._hand_over(data, bounds)
        try:
            return self._reply(time.monotonic() + bounds.timeout_s)
        except TimeoutError as exc:
            raise TookTooLong from exc
        except (OSError, EOFError) as exc:
            is_out_of_time = self.close() == -signal.SIGPROF
            raise (TookTooLong if is_out_of_time else Crashed) from exc

    def close(self) -> int:
        """End it whatever it does, and return its exit status (-9: it was killed)."""
        self._channel.close()
        try:
            return self._process.wait(0.1)  # what died by itself has a status of its own
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()

    def _hand_over(self, data: bytes, bounds: Bounds) -> None:
        try:
            self._channel.settimeout(START_TIMEOUT_S)
            self._channel.sendall(PICTURE.pack(bounds.max_pixels, bounds.cpu_s, len(data)))
            self._channel.sendall(data)
            received = self._receive(len(RECEIVED), time.monotonic() + START_TIMEOUT_S)
        except (OSError, EOFError) as exc:
            raise NotReceived from exc
        if received != RECEIVED:
            raise NotReceived

    def _reply(self, deadline: float) -> np.ndarray:
        outcome, n_bytes = REPLY.unpack(self._receive(REPLY.size, deadline))
        n_pixel_bytes = images.SIDE * images.SIDE * 3
        if outcome == PIXELS and n_bytes == n_pixel_bytes:
            pixels = np.frombuffer(self._receive(n_bytes, deadline), np.uint8)
            return pixels.reshape(images.SIDE, images.SIDE, 3)
        if PIXELS < outcome <= len(ERRORS) and n_bytes <= _MAX_MESSAGE_BYTES:
            message = self._receive(n_bytes, deadline).decode(errors="replace")
            raise ERRORS[outcome - 1](message)
        raise Crashed  # out of its mind, which is no better

    def _receive(self, n_bytes: int, deadline: float) -> bytearray:
        """Raises: TimeoutError: past the deadline; OSError, EOFError: the process is gone."""
        received = bytearray(n_bytes)
        rest = memoryview(received)
        while rest:
            self._channel.settimeout(max(deadline - time.monotonic(), 0.001))
            n_came = self._channel.recv_into(rest)
            if n_came == 0:
                raise EOFError
            rest = rest[n_came:]
        return received


def _environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return kept | {"OPENBLAS_NUM_THREADS": "1"}  # there are as many processes as cores
