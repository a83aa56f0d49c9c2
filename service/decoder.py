"""Decodes pictures beside the event loop, on no more threads than there are cores."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from service import images, problems


class Decoder:
    """Bytes to what the network sees. Pillow lets go of the interpreter lock while it works."""

    def __init__(self, threads: int, max_pixels: int) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="decode")
        self._max_pixels = max_pixels

    async def __call__(self, data: bytes) -> np.ndarray:
        """Decode one picture.

        Returns:
            (224, 224, 3) uint8, RGB.
        Raises:
            Problem: 400, 413, 415 or 422, as `service.images` judged it.
        """
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._pool, self._decode, data)
        except images.ImageError as exc:
            raise problems.of_image(exc) from exc

    def _decode(self, data: bytes) -> np.ndarray:
        return images.network_input(data, max_pixels=self._max_pixels)
