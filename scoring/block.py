"""What goes from who decodes to who scores: one shard, as one Arrow table."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from service import images

_PIXEL_BYTES = images.SIDE * images.SIDE * 3
SCHEMA = pa.schema(
    [
        pa.field("shard", pa.int64(), nullable=False),
        pa.field("path", pa.string(), nullable=False),
        pa.field("sha256", pa.string()),
        pa.field("problem", pa.string()),
        pa.field("error", pa.string()),
        pa.field("pixels", pa.binary(_PIXEL_BYTES), nullable=False),
    ]
)


@dataclass(frozen=True)
class Block:
    """A shard's B pictures, in its order.

    paths: what the output calls them.
    digests: sha256, hexadecimal; None where no bytes came.
    problems, errors: the kind's slug and the sentence; None of good ones.
    pixels: (B, 224, 224, 3) uint8, RGB; zeros of bad ones.
    """

    shard: int
    paths: Sequence[str]
    digests: Sequence[str | None]
    problems: Sequence[str | None]
    errors: Sequence[str | None]
    pixels: np.ndarray

    def table(self) -> Any:
        """Without a copy of the pixels."""
        n = len(self.paths)
        buffers = [None, pa.py_buffer(self.pixels)]
        columns = [
            pa.array([self.shard] * n, pa.int64()),
            pa.array(self.paths, pa.string()),
            pa.array(self.digests, pa.string()),
            pa.array(self.problems, pa.string()),
            pa.array(self.errors, pa.string()),
            pa.FixedSizeBinaryArray.from_buffers(SCHEMA.field("pixels").type, n, buffers),
        ]
        return pa.Table.from_arrays(columns, schema=SCHEMA)

    @classmethod
    def of(cls, table: Any) -> "Block":
        """What `table` made, out of shared memory.

        Raises:
            RuntimeError: it is not one shard. Then Ray Data cut or joined blocks.
        """
        shards = set(table.column("shard").to_pylist())
        if len(shards) != 1:
            raise RuntimeError(f"A block must be one shard, this one holds {sorted(shards)}")
        column = table.column("pixels")
        packed = column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
        pixels = np.frombuffer(packed.buffers()[1], np.uint8)
        first, n = packed.offset * _PIXEL_BYTES, table.num_rows * _PIXEL_BYTES
        return cls(
            shard=shards.pop(),
            paths=table.column("path").to_pylist(),
            digests=table.column("sha256").to_pylist(),
            problems=table.column("problem").to_pylist(),
            errors=table.column("error").to_pylist(),
            pixels=pixels[first : first + n].reshape(-1, images.SIDE, images.SIDE, 3),
        )
