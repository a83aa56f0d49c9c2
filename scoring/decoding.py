"""The stage that reads and decodes: tasks that Ray may run anywhere, and again."""

import asyncio
import functools
import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from scoring.block import Block
from scoring.plan import Plan
from scoring.reading import Reader
from scoring.reference import Reference
from service import images
from service.decode_process import Bounds
from service.decoder import Decoder
from service.problems import Problem
from service.settings import Settings

AT_ONCE = 16  # pictures of a shard being read: what object stores take is mostly waiting
# Seconds on the clock for a picture. The seconds of a core are the service's; a machine whose
# cores all compute lets a decoder wait for one longer than a server may let its clients wait.
DECODE_TIMEOUT_S = 20


def decode(batch: Any, *, plan: Plan, settings: Settings) -> Any:
    """Read and decode one shard.

    Args:
        batch: an Arrow table with one row, the number of the shard.
    Returns:
        A `Block` as an Arrow table.
    """
    (shard,) = batch.column("shard").to_pylist()
    references = plan.references(shard)
    pixels = np.zeros((len(references), images.SIDE, images.SIDE, 3), np.uint8)
    reader = Reader(plan.header.column, settings.max_upload_bytes)
    bounds = Bounds(settings.max_pixels, settings.decode_cpu_timeout_s, DECODE_TIMEOUT_S)
    outcomes = asyncio.run(_decoded(references, reader, _decoder(bounds), pixels))
    problems = [problem for _, problem in outcomes]
    return Block(
        shard=shard,
        paths=[reference.name for reference in references],
        digests=[digest for digest, _ in outcomes],
        problems=[problem and problem.kind.slug for problem in problems],
        errors=[problem and problem.detail for problem in problems],
        pixels=pixels,
    ).table()


async def _decoded(
    references: Sequence[Reference], reader: Reader, decoder: Decoder, pixels: np.ndarray
) -> list[tuple[str | None, Problem | None]]:
    """Each picture's digest and problem; the pixels of good ones go into `pixels`."""
    loop = asyncio.get_running_loop()
    places = asyncio.Semaphore(AT_ONCE)  # so many pictures' bytes are held at once

    async def one(i: int, reference: Reference) -> tuple[str | None, Problem | None]:
        digest = None
        try:
            threads = _threads(in_order=reference.row is not None)
            data = await loop.run_in_executor(threads, reader, reference)
            digest = hashlib.sha256(data).hexdigest()
            pixels[i] = await decoder(data)
        except Problem as problem:
            if problem.kind.status >= 500:  # nothing could be decoded: not this picture's doing
                raise RuntimeError(problem.detail) from problem
            return digest, problem
        finally:
            places.release()
        return digest, None

    async with asyncio.TaskGroup() as group:
        tasks = []
        for i, reference in enumerate(references):
            await places.acquire()
            tasks.append(group.create_task(one(i, reference)))
    return [task.result() for task in tasks]


@functools.cache
def _decoder(bounds: Bounds) -> Decoder:
    """One process beside this worker's, for as long as that lives: Ray reuses workers."""
    return Decoder(1, bounds)


@functools.cache
def _threads(in_order: bool) -> ThreadPoolExecutor:
    """That read; one takes what it is given in the order in which it was."""
    return ThreadPoolExecutor(1 if in_order else AT_ONCE, thread_name_prefix="read")
