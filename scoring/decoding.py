"""The stage that reads and decodes: tasks that Ray may run anywhere, and again."""

import functools
import hashlib
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
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
    decoder = _decoder(Bounds(settings.max_pixels, settings.decode_cpu_timeout_s, DECODE_TIMEOUT_S))
    outcomes = [
        _outcome(future, decoder, pixels[i])
        for i, future in enumerate(_read_ahead(references, reader))
    ]
    problems = [problem for _, problem in outcomes]
    return Block(
        shard=shard,
        paths=[reference.name for reference in references],
        digests=[digest for digest, _ in outcomes],
        problems=[problem.kind.slug if problem else None for problem in problems],
        errors=[problem.detail if problem else None for problem in problems],
        pixels=pixels,
    ).table()


def _read_ahead(references: Sequence[Reference], reader: Reader) -> Iterator[Future[bytes]]:
    """Pictures' bytes, in order; so many are read, or wait to be decoded."""
    reading: deque[Future[bytes]] = deque()
    for reference in references:
        threads = _threads(in_order=reference.row is not None)
        reading.append(threads.submit(reader, reference))
        if len(reading) == AT_ONCE:
            yield reading.popleft()
    yield from reading


def _outcome(
    future: Future[bytes], decoder: Decoder, pixels: np.ndarray
) -> tuple[str | None, Problem | None]:
    """A picture's digest and problem; if it is good, its pixels go into (224, 224, 3) uint8.

    Raises:
        RuntimeError: nothing could be decoded, which is not this picture's doing.
    """
    digest = None
    try:
        data = future.result()
        digest = hashlib.sha256(data).hexdigest()
        pixels[:] = decoder.decode(data)
    except Problem as problem:
        if problem.kind.status >= 500:
            raise RuntimeError(problem.detail) from problem
        return digest, problem
    return digest, None


@functools.cache
def _decoder(bounds: Bounds) -> Decoder:
    """One process beside this worker's, for as long as that lives: Ray reuses workers."""
    return Decoder(1, bounds)


@functools.cache
def _threads(in_order: bool) -> ThreadPoolExecutor:
    """That read; one takes what it is given in the order in which it was."""
    return ThreadPoolExecutor(1 if in_order else AT_ONCE, thread_name_prefix="read")
