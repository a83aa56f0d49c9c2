"""Decodes pictures beside the event loop, in processes that only their own picture can break."""

import asyncio
import logging
import weakref
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue

import numpy as np

from service import images, problems
from service.decode_process import Bounds, Crashed, DecodeProcess, NotReceived, TookTooLong
from service.problems import Problem

TRIES = 3  # processes that may be lost before they got a picture, until it is refused
_SAVE_IT_ANEW = "Open it in a program for pictures, scale it down, and send it saved as a JPEG."

log = logging.getLogger(__name__)


class Decoder:
    """Bytes to what the network sees. One thread waits for each process."""

    def __init__(self, processes: int, bounds: Bounds) -> None:
        """Start the processes, without waiting for them; they end with this object.

        Args:
            processes: pictures decoded at once.
            bounds: of each picture.
        """
        self._bounds = bounds
        self._threads = ThreadPoolExecutor(processes, thread_name_prefix="decode")
        self._idle: SimpleQueue[DecodeProcess] = SimpleQueue()
        for _ in range(processes):
            self._idle.put(DecodeProcess())
        weakref.finalize(self, _close_all, self._idle)

    async def __call__(self, data: bytes) -> np.ndarray:
        """Decode one picture; see `decode`."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self.decode, data)

    def decode(self, data: bytes) -> np.ndarray:
        """Decode one picture, and wait for it, in one of at most as many threads as processes.

        Returns:
            (224, 224, 3) uint8, RGB.
        Raises:
            Problem: 400, 413, 415 or 422, as `service.images` judged it; 422 also if the
                decoder crashed on it or took too long; 503 if none could be started.
        """
        process = self._idle.get()
        try:
            for _ in range(TRIES):
                try:
                    return process.decode(data, self._bounds)
                except NotReceived:
                    process = _replaced(process, "before it was given a picture")
        except images.ImageError as exc:
            raise problems.of_image(exc) from exc
        except Crashed as exc:
            process = _replaced(process, f"on a picture of {len(data)} bytes")
            detail = "The decoder crashed on the picture, which is damaged or made to do that."
            raise Problem(problems.DAMAGED, f"{detail} {_SAVE_IT_ANEW}") from exc
        except TookTooLong as exc:
            process = _replaced(process, f"out of time, on a picture of {len(data)} bytes")
            detail = "Decoding the picture takes longer than is allowed: "
            detail += f"{self._bounds.cpu_s:g} s of a core, {self._bounds.timeout_s:g} s in all."
            raise Problem(problems.DAMAGED, f"{detail} {_SAVE_IT_ANEW}") from exc
        finally:
            self._idle.put(process)
        raise Problem(problems.OVERLOADED, "No picture can be decoded now. Send it again later.")


def _replaced(process: DecodeProcess, when: str) -> DecodeProcess:
    """Another one; the same, which takes no picture, where none can be started."""
    status = process.close()
    log.warning("Decode process %d ended %s (exit status %d)", process.pid, when, status)
    try:
        return DecodeProcess()
    except OSError:
        log.exception("No process could be started to decode with")
        return process


def _close_all(idle: SimpleQueue[DecodeProcess]) -> None:
    while not idle.empty():
        idle.get().close()
