"""The pictures of a Parquet file: a column of their bytes, or of their addresses."""

from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from scoring.errors import ScoringError
from scoring.place import Place, reason
from scoring.reference import Reference

# Looked for in this order, where no column is named.
BYTES_NAMES = ("image", "bytes", "content", "data", "jpg", "jpeg", "png")
ADDRESS_NAMES = ("path", "address", "uri", "url", "file", "filename")
_ADDRESSES_AT_ONCE = 1024
_PICTURES_AT_ONCE = 16  # some hundred kilobytes each


class Column(NamedTuple):
    """A column of pictures. path: its name, or that of the bytes within a struct."""

    path: str
    holds: Literal["bytes", "addresses"]


def references(place: Place, named: str | None) -> Iterator[Reference]:
    """Every picture of a Parquet file, in its order; of bytes, only the footer is read.

    What cannot be read comes as a reference with its trouble.

    Args:
        named: the column, if the user named one.
    """
    n_rows = 0
    try:
        with place.open() as file, pq.ParquetFile(file) as table:
            column = column_of(table.schema_arrow, named)
            if column.holds == "bytes":
                yield from (
                    Reference(place.address, row=row) for row in range(table.metadata.num_rows)
                )
                return
            for batch in table.iter_batches(_ADDRESSES_AT_ONCE, columns=[column.path]):
                for text in batch.column(0).to_pylist():
                    yield _addressed(place, n_rows, text)
                    n_rows += 1
    except (OSError, pa.ArrowException, ScoringError) as exc:
        trouble = f"The table cannot be read past row {n_rows}: {reason(exc)}."
        yield Reference(place.address, trouble=trouble)


def _addressed(place: Place, row: int, text: str | None) -> Reference:
    if not text:
        return Reference(place.address, row=row, trouble="The row holds no address.")
    return Reference(Place.of(text, place.folder).address)


def column_of(schema: Any, named: str | None) -> Column:
    """The column that holds the pictures.

    A struct with the field `bytes`, as Hugging Face's data sets have it, is one of bytes.

    Args:
        schema: pyarrow's.
    Raises:
        ScoringError: there is none, or not the named one.
    """
    found = [column for column in map(_column, schema) if column is not None]
    if named is not None:
        found = [column for column in found if column.path in (named, f"{named}.bytes")]
    wanted = [("bytes", BYTES_NAMES), ("addresses", ADDRESS_NAMES)]
    for holds, names in wanted:
        of_kind = [column for column in found if column.holds == holds]
        ranked = [c for name in names for c in of_kind if c.path.partition(".")[0] == name]
        if ranked or len(of_kind) == 1:
            return (ranked or of_kind)[0]
    columns = ", ".join(f"{field.name} ({field.type})" for field in schema)
    which = "No column of pictures" if named is None else f"No column of pictures {named!r}"
    raise ScoringError(
        f"{which} among {columns}. Name one of bytes (binary, or a struct with bytes) or of "
        "addresses (string) with --column"
    )


def _column(field: Any) -> Column | None:
    if pa.types.is_struct(field.type):
        inner = [f.name for f in field.type if f.name == "bytes" and _is_bytes(f.type)]
        return Column(f"{field.name}.bytes", "bytes") if inner else None
    if _is_bytes(field.type):
        return Column(field.name, "bytes")
    is_text = pa.types.is_string(field.type) or pa.types.is_large_string(field.type)
    return Column(field.name, "addresses") if is_text else None


def _is_bytes(kind: Any) -> bool:
    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind))


class Rows:
    """Pictures' bytes out of one Parquet file, read from front to back."""

    def __init__(self, place: Place, named: str | None) -> None:
        """Opens nothing yet.

        Args:
            named: the column, if the user named one.
        """
        self._place = place
        self._named = named
        self._next_row = 0
        self._left: Iterator[bytes | None] | None = None

    def take(self, row: int) -> bytes | None:
        """One row's bytes; None for null. Quick where it is the row after the last one taken.

        Raises:
            OSError, ArrowException: it cannot be read; the next call tries anew.
        """
        if self._left is None or row != self._next_row:
            self._left = self._from(row)
        try:
            data = next(self._left)
        except BaseException:
            self._left = None
            raise
        self._next_row = row + 1
        return data

    def _from(self, row: int) -> Iterator[bytes | None]:
        """The bytes of this row and all after it. What is before it in its group is read too."""
        with self._place.open() as file, pq.ParquetFile(file) as table:
            column = column_of(table.schema_arrow, self._named)
            first = 0
            for group in range(table.num_row_groups):
                end = first + table.metadata.row_group(group).num_rows
                if row < end:
                    skipped = max(0, row - first)
                    yield from _bytes_in(table, group, column, skipped)
                first = end


def _bytes_in(table: Any, group: int, column: Column, skipped: int) -> Iterator[bytes | None]:
    batches = table.iter_batches(_PICTURES_AT_ONCE, row_groups=[group], columns=[column.path])
    for batch in batches:
        values = batch.column(0)
        if pa.types.is_struct(values.type):
            values = values.field("bytes")
        for value in values[min(skipped, len(values)) :]:
            yield value.as_py()
        skipped = max(0, skipped - len(values))
