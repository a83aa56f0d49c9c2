"""The work list: written once beside the output, and read a shard at a time from then on.

Shards are numbered, and which pictures are in which never changes. So whoever starts again
knows by the names of the output's files what is left to do.
"""

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict, ValidationError

from scoring.errors import ScoringError
from scoring.place import Place, reason
from scoring.reference import Reference
from scoring.retries import persistently

FOLDER = "_plan"  # readers of Parquet pass over names that begin so
HEADER = "plan.json"
SHARDS = (16, 32, 64, 128, 256, 512, 1024)  # pictures: whole shards fit into a row group
USUAL_SHARD = 256  # 38 MB of pixels
FEWEST_SHARDS = 32  # of few pictures, so that all who score have some, and finish together
_GROUP_ROWS = SHARDS[-1]
_FILE_ROWS = 16 * _GROUP_ROWS  # what the driver holds while it lists
_HEADER_BYTES = 64 * 1024

_SCHEMA = pa.schema(
    [
        pa.field("address", pa.binary(), nullable=False),  # names of files need not be UTF-8
        pa.field("member", pa.binary()),
        pa.field("offset", pa.int64()),
        pa.field("size", pa.int64()),
        pa.field("row", pa.int64()),
        pa.field("trouble", pa.string()),
    ]
)


class Header(BaseModel):
    """What the list was made from, and for.

    source, column: as the user named them.
    model: exact tag of the model that scores.
    pictures: how many there are.
    shard: pictures in each but the last.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal[1] = 1
    source: str
    column: str | None
    model: str
    pictures: int
    shard: int


@dataclass(frozen=True)
class Plan:
    """A finished list. folder: where it lies."""

    folder: Place
    header: Header

    @property
    def n_shards(self) -> int:
        """They are numbered from 0."""
        return -(-self.header.pictures // self.header.shard)

    def references(self, shard: int) -> list[Reference]:
        """The pictures of a shard, in their order.

        Raises:
            OSError: the list cannot be read.
        """
        first = shard * self.header.shard
        number, row = divmod(first, _FILE_ROWS)
        group, skipped = divmod(row, _GROUP_ROWS)
        rows = persistently(lambda: _group(_file(self.folder, number), group))
        return [_reference(row) for row in rows.slice(skipped, self.header.shard).to_pylist()]


def found(out: Place) -> Plan | None:
    """The list of an earlier run; None where none was finished.

    Raises:
        ScoringError: there is one that this version does not understand.
    """
    folder = out / FOLDER
    path = folder / HEADER
    if path.kind() is None:  # opened to see, Hadoop's client would print where it looked in vain
        return None
    try:
        data = persistently(lambda: path.read(_HEADER_BYTES))
    except OSError as exc:
        raise ScoringError(f"{path} cannot be read: {reason(exc)}.") from exc
    try:
        return Plan(folder, Header.model_validate_json(data))
    except ValidationError as exc:
        raise ScoringError(f"{path} is damaged, or of another version. Give another OUT.") from exc


def write(
    out: Place,
    references: Iterable[Reference],
    header: Callable[[int], Header],
    on_listed: Callable[[int], None],
) -> Plan:
    """List all pictures, of which so many are held in memory as a file of the list has.

    Args:
        header: what to write of so many pictures; last, so that there is a list only when it
            is whole.
        on_listed: is told how many more there are.
    Raises:
        ScoringError: there is no picture, or the list cannot be written.
    """
    folder = out / FOLDER
    left = iter(references)
    n_pictures = 0
    try:
        for number, rows in enumerate(iter(lambda: list(islice(left, _FILE_ROWS)), [])):
            _file(folder, number).write_whole(_packed(rows))
            n_pictures += len(rows)
            on_listed(len(rows))
        if n_pictures == 0:
            raise ScoringError(
                f"There is no picture in {header(0).source}; hidden files don't count. "
                "Give another IN."
            )
        plan = Plan(folder, header(n_pictures))
        (folder / HEADER).write_whole(plan.header.model_dump_json(indent=2).encode() + b"\n")
    except OSError as exc:
        raise ScoringError(f"{folder} cannot be written: {reason(exc)}.") from exc
    return plan


def usual_shard(n_pictures: int) -> int:
    """Pictures a shard, where the user did not say."""
    fitting = [shard for shard in SHARDS if shard * FEWEST_SHARDS <= n_pictures]
    return min(max(fitting, default=SHARDS[0]), USUAL_SHARD)


def _file(folder: Place, number: int) -> Place:
    return folder / f"{number:06}.parquet"


def _packed(references: list[Reference]) -> bytes:
    rows = [
        {
            **reference._asdict(),
            "address": os.fsencode(reference.address),
            "member": None if reference.member is None else os.fsencode(reference.member),
            "trouble": reference.trouble and str(Place(reference.trouble)),
        }
        for reference in references
    ]
    sink = pa.BufferOutputStream()
    table = pa.Table.from_pylist(rows, schema=_SCHEMA)
    pq.write_table(table, sink, row_group_size=_GROUP_ROWS)
    data: bytes = sink.getvalue().to_pybytes()
    return data


def _group(path: Place, group: int) -> Any:
    with path.open() as file, pq.ParquetFile(file) as table:
        return table.read_row_group(group)


def _reference(row: dict[str, Any]) -> Reference:
    member = row["member"]
    return Reference(
        **{
            **row,
            "address": os.fsdecode(row["address"]),
            "member": None if member is None else os.fsdecode(member),
        }
    )
