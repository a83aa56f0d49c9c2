"""Our engine in a loop, without HTTP, on pictures that are decoded already: the ceiling.

    python -m benchmarks.serving.engine_alone ARTIFACT LIST SECONDS [BATCH_SIZE]

LIST is a file with the path of a photograph on each line. Prints, as JSON, the pictures a
second of that batch size, or of several, each measured for so many seconds.
"""

import json
import sys
import time
from collections.abc import Iterator, Sequence
from itertools import cycle
from pathlib import Path

import numpy as np

from service import artifact, images
from service.engine import Engine
from service.openvino_engine import OpenVinoEngine

BATCH_SIZES = (1, 4, 8, 16)


def main(folder: Path, photographs: Path, seconds: float, sizes: Sequence[int]) -> None:
    """Decode, then measure each batch size."""
    engine = OpenVinoEngine(folder, artifact.verify(folder).precision)
    paths = map(Path, photographs.read_text().splitlines())
    pixels = np.stack([images.network_input(path.read_bytes()) for path in paths])
    found = {size: round(pictures_per_s(engine, pixels, size, seconds), 2) for size in sizes}
    print(json.dumps(found))


def pictures_per_s(engine: Engine, pixels: np.ndarray, size: int, seconds: float) -> float:
    """Args: pixels: (N, 224, 224, 3) uint8, RGB."""
    batches = _batches(pixels, size)
    engine(next(batches))  # the first batch of a size compiles for it
    count, started = 0, time.perf_counter()
    while (elapsed := time.perf_counter() - started) < seconds:
        engine(next(batches))
        count += size
    return count / elapsed


def _batches(pixels: np.ndarray, size: int) -> Iterator[np.ndarray]:
    """Without end, all of the same size; so few pictures are gone through more often."""
    repeated = np.concatenate([pixels] * -(-size // len(pixels)))
    whole = len(repeated) // size * size
    return cycle(np.split(repeated[:whole], whole // size))


if __name__ == "__main__":
    sizes = [int(size) for size in sys.argv[4:]] or BATCH_SIZES
    main(Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3]), sizes)
