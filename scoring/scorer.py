"""The stage that scores and writes: actors, each of which holds the model."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyarrow as pa

from scoring.block import Block
from scoring.output import SCHEMA, Output, Tally, tally
from service import artifact, engines
from service.answer import Answer, answer
from service.engine import Engine
from service.settings import Settings

GPU_BATCH = 32
# A core does 1 to 2 % more pictures a second with 4 or 8 at a time than with 16 or 32, whose layers
# outgrow its cache.
CORE_BATCH = 8

Files = Mapping[str, np.ndarray]
"""An artifact: each file's name and bytes, (N,) uint8, so that a machine's actors share them."""


def files_of(folder: Path) -> Files:
    """An artifact's files, read into memory."""
    names = (*artifact.read_card(folder).files, artifact.CARD)
    return {name: np.fromfile(folder / name, np.uint8) for name in names}


class Scorer:
    """Scores shards and writes their parts. For one thread."""

    def __init__(
        self, files: Any, *, tag: str, settings: Settings, output: Output, threads: int | None
    ) -> None:
        """Load and verify the model.

        Args:
            files: a reference of Ray's to `Files`.
            threads: of the engine on the CPU; None on a GPU.
        Raises:
            ArtifactError, EngineError: it is not what it was, or cannot run here.
        """
        import ray

        with TemporaryDirectory(prefix="catdog-") as name:
            folder = Path(name)
            for file, data in ray.get(files).items():
                data.tofile(folder / file)
            self._card = artifact.verify(folder)
            self._engine: Engine = engines.load(folder, self._card, settings, threads=threads)
        self._batch = CORE_BATCH if threads else GPU_BATCH
        self._tag = tag
        self._output = output

    def __call__(self, batch: Any) -> Any:
        """Score one shard and write its part, unless that is there by now.

        Args:
            batch: a `Block` as an Arrow table.
        Returns:
            An Arrow table with one row, the shard's tally.
        """
        block = Block.of(batch)
        try:
            found = self._output.tally(block.shard)
        except FileNotFoundError:
            found = self._write(block)
        return pa.table({"tally": [json.dumps(found)]})

    def _write(self, block: Block) -> Tally:
        answers = iter(self._answers(block.pixels[[p is None for p in block.problems]]))
        rows = [
            self._row(block, i, next(answers) if problem is None else None)
            for i, problem in enumerate(block.problems)
        ]
        table = pa.Table.from_pylist(rows, schema=SCHEMA)
        self._output.write(block.shard, table)
        return tally(table)

    def _answers(self, pixels: np.ndarray) -> Iterator[Answer]:
        """Args: pixels: (B, 224, 224, 3) uint8, RGB; B may be 0."""
        for start in range(0, len(pixels), self._batch):
            scores = self._engine(pixels[start : start + self._batch])
            for logits, novelty in zip(*scores, strict=True):
                yield answer(logits, float(novelty), self._card.calibration, self._tag)

    def _row(self, block: Block, i: int, found: Answer | None) -> dict[str, Any]:
        answered = {} if found is None else found.model_dump()
        return {
            "path": block.paths[i],
            "sha256": block.digests[i],
            "problem": block.problems[i],
            "error": block.errors[i],
            "model": self._tag,
            **answered,
        }
