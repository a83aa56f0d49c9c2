"""Where one picture lies."""

from typing import NamedTuple

from scoring.place import Place


class Reference(NamedTuple):
    """A picture that is to be scored, before anybody has looked at it.

    address: of its file, or of the archive or table that holds it.
    member: its name in a tar.
    offset, size: of its bytes in that tar.
    row: its row in a Parquet file, counted from 0.
    trouble: why there is nothing to read, if listing found that out.
    """

    address: str
    member: str | None = None
    offset: int | None = None
    size: int | None = None
    row: int | None = None
    trouble: str | None = None

    @property
    def name(self) -> str:
        """What the output calls it: the address, and after # what it is called there."""
        inside = self.row if self.member is None else self.member
        return str(Place(self.address if inside is None else f"{self.address}#{inside}"))
