"""The output: a folder of Parquet files, one a shard, each there whole or not at all."""

import json
import os
import re
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from scoring.errors import ScoringError
from scoring.place import Place, reason
from scoring.retries import persistently
from service.artifact import LABELS

SUMMARY = "_summary.json"
SCHEMA = pa.schema(
    [
        pa.field("path", pa.string(), nullable=False),
        pa.field("sha256", pa.string()),
        pa.field("label", pa.string()),
        pa.field("confidence", pa.float64()),
        pa.field("probabilities", pa.struct([(label, pa.float64()) for label in LABELS])),
        pa.field("novelty", pa.float64()),
        pa.field("problem", pa.string()),
        pa.field("error", pa.string()),
        pa.field("model", pa.string(), nullable=False),
    ]
)
_PART = re.compile(r"part-(\d{8})\.parquet")
_LEFTOVER = re.compile(r"\.part-\d{8}\.parquet\.[0-9a-f]{32}")
_READ_AT_ONCE = 16

Tally = Counter[str]
"""How many pictures came to what: a label, or a problem's slug."""


@dataclass(frozen=True)
class Output:
    """A folder of parts. place: where it is."""

    place: Place

    def finished(self) -> list[int]:
        """Numbers of the shards whose part is there, rising. An empty one is not there yet.

        Raises:
            OSError: the folder cannot be listed.
        """
        sizes = self.place.sizes()
        matches = (_PART.fullmatch(name) for name, size in sizes.items() if size != 0)
        return sorted(int(match[1]) for match in matches if match)

    def tallies(self, shards: list[int]) -> Iterator[Tally]:
        """Of parts that are there.

        Raises:
            OSError, ArrowException: one cannot be read.
        """
        with ThreadPoolExecutor(_READ_AT_ONCE) as threads:
            yield from threads.map(self.tally, shards)

    def tally(self, shard: int) -> Tally:
        """Of a part that is there.

        Raises:
            FileNotFoundError: it is not.
            OSError, ArrowException: it cannot be read.
        """
        return persistently(lambda: tally(_columns(self._part(shard), ["label", "problem"])))

    def write(self, shard: int, rows: Any) -> None:
        """Put a shard's part there, in one step.

        Args:
            rows: an Arrow table of `SCHEMA`.
        Raises:
            OSError: it cannot be written.
        """
        sink = pa.BufferOutputStream()
        pq.write_table(rows, sink)
        self._part(shard).write_whole(sink.getvalue().to_pybytes())

    def write_summary(self, figures: dict[str, Any]) -> None:
        """For machines, once all is done.

        Raises:
            ScoringError: it cannot be written.
        """
        path = self.place / SUMMARY
        try:
            path.write_whole(json.dumps(figures, indent=2).encode() + b"\n")
        except OSError as exc:
            raise ScoringError(
                f"{path} cannot be written: {reason(exc)}. All answers are there. Run the same "
                "command again once it can."
            ) from exc

    def remove_leftovers(self) -> None:
        """What processes left half written that were killed; object stores have no such thing."""
        if self.place.is_local:
            for name in filter(_LEFTOVER.fullmatch, self.place.sizes()):
                Path((self.place / name).address).unlink(missing_ok=True)

    def _part(self, shard: int) -> Place:
        return self.place / f"part-{shard:08}.parquet"


def tally(rows: Any) -> Tally:
    """Of an Arrow table with the columns `label` and `problem`."""
    outcomes = pc.coalesce(rows.column("label"), rows.column("problem"))
    return Counter({pair["values"]: pair["counts"] for pair in outcomes.value_counts().to_pylist()})


def _columns(path: Place, names: list[str]) -> Any:
    with path.open() as file:
        if file.seek(0, os.SEEK_END) == 0:
            raise FileNotFoundError(f"{path} is empty")
        with pq.ParquetFile(file) as table:
            return table.read(names)
