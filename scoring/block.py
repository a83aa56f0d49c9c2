"""What goes from who decodes to who scores: one shard, as one row of an Arrow table.

One row, since that is what Ray Data never cuts, nor joins with another where a batch is one.
"""

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
        pa.field("paths", pa.list_(pa.string()), nullable=False),
        pa.field("digests", pa.list_(pa.string()), nullable=False),
        pa.field("problems", pa.list_(pa.string()), nullable=False),
        pa.field("errors", pa.list_(pa.string()), nullable=False),
        pa.field("pixels", pa.list_(pa.binary(_PIXEL_BYTES)), nullable=False),
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
        """One row, without a copy of the pixels."""
        n = len(self.paths)
        pixels = pa.FixedSizeBinaryArray.from_buffers(
            pa.binary(_PIXEL_BYTES), n, [None, pa.py_buffer(self.pixels)]
        )
        columns = [
            pa.array([self.shard], pa.int64()),
            *(
                pa.array([list(texts)], pa.list_(pa.string()))
                for texts in (self.paths, self.digests, self.problems, self.errors)
            ),
            pa.ListArray.from_arrays([0, n], pixels),
        ]
        return pa.Table.from_arrays(columns, schema=SCHEMA)

    @classmethod
    def of(cls, table: Any) -> "Block":
        """What `table` made, out of shared memory.

        Raises:
            RuntimeError: it is not one shard.
        """
        if table.num_rows != 1:
            raise RuntimeError(f"A batch must be one shard, and this one is {table.num_rows}")
        lists = {name: table.column(name)[0].values for name in SCHEMA.names[1:]}
        packed = lists.pop("pixels")
        pixels = np.frombuffer(packed.buffers()[1], np.uint8)
        first, n_bytes = packed.offset * _PIXEL_BYTES, len(packed) * _PIXEL_BYTES
        return cls(
            shard=table.column("shard")[0].as_py(),
            **{name: texts.to_pylist() for name, texts in lists.items()},
            pixels=pixels[first : first + n_bytes].reshape(-1, images.SIDE, images.SIDE, 3),
        )
