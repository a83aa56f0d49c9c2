"""A picture's bytes, wherever they lie."""

from scoring.place import Place, reason
from scoring.reference import Reference
from scoring.retries import persistently
from scoring.table import Rows
from service import problems
from service.problems import Problem


class Reader:
    """Of the pictures of a shard. Rows of tables: in one thread only, in their order."""

    def __init__(self, column: str | None, max_bytes: int) -> None:
        """Opens nothing yet.

        Args:
            column: of the Parquet files, if the user named one.
            max_bytes: of one picture.
        """
        self._column = column
        self._max_bytes = max_bytes
        self._rows: dict[str, Rows] = {}
        self._damaged: set[str] = set()  # tables, of which a row could not be read

    def __call__(self, reference: Reference) -> bytes:
        """All of a picture.

        Raises:
            Problem: it cannot be read, or has too many bytes.
        """
        if reference.trouble is not None:
            raise Problem(problems.NO_PICTURE, reference.trouble)
        try:
            data = self._row(reference) if reference.row is not None else self._file(reference)
        # What storage and formats raise is their verdict on this picture, not on the job.
        except Exception as exc:
            detail = f"The picture cannot be read: {reason(exc)}."
            raise Problem(problems.NO_PICTURE, detail) from exc
        if data is None:
            raise Problem(problems.NO_PICTURE, "The row holds no picture.")
        if len(data) > self._max_bytes:
            raise problems.picture_too_long(self._max_bytes)
        return data

    def _file(self, reference: Reference) -> bytes:
        place = Place(reference.address)
        at_most = self._max_bytes + 1
        if reference.size is not None:
            at_most = min(at_most, reference.size)
        return persistently(lambda: place.read(at_most, reference.offset or 0))

    def _row(self, reference: Reference) -> bytes | None:
        address, row = reference.address, reference.row
        assert row is not None
        if address not in self._rows:
            self._rows[address] = Rows(Place(address), self._column)
        rows = self._rows[address]
        if address in self._damaged:  # else each of its rows would take as long as this one did
            return rows.take(row)
        try:
            return persistently(lambda: rows.take(row))
        except Exception:
            self._damaged.add(address)
            raise
