"""From what the user names to the pictures that it means, one after the other."""

import codecs
import os
from collections.abc import Iterator

from scoring import table, tar
from scoring.errors import ScoringError
from scoring.place import Place, reason
from scoring.reference import Reference

LIST_ENDINGS = (".txt", ".list", ".lst")
_LONGEST_LINE = 64 * 1024  # a file without line ends is no list, and is not read whole


def references(source: Place, column: str | None) -> Iterator[Reference]:
    """Every picture that an address means, without looking into any of them.

    Args:
        source: a folder; a list (.txt), with a path or an address a line; a Parquet file; a
            tar; or one picture. Tars and Parquet files in a folder or on a list count for
            what is in them.
        column: of the Parquet files, if the user named one.
    Raises:
        ScoringError: there is nothing there, or it cannot be listed.
    """
    kind = source.kind()
    if kind is None:
        raise ScoringError(
            f"{source} does not exist. Give a folder, a list of paths or addresses (.txt), a "
            "Parquet file, a WebDataset tar, or one picture."
        )
    try:
        if kind == "folder":
            for place in source.files():
                yield from _in_file(place, column)
        elif source.address.lower().endswith(LIST_ENDINGS):
            for line in _lines(source):
                yield from _in_file(Place.of(line, source.folder), column)
        else:
            for number, reference in enumerate(_in_file(source, column)):
                if number == 0 and reference.trouble:
                    raise ScoringError(f"{source}: {reference.trouble}")
                yield reference
    except OSError as exc:
        where = exc.filename if isinstance(exc.filename, str) else source.address
        raise ScoringError(f"{Place(where)} cannot be listed: {reason(exc)}.") from exc


def _in_file(place: Place, column: str | None) -> Iterator[Reference]:
    ending = place.address[-len(".parquet") :].lower()
    if "\0" in place.address:  # on a list, no system has such a file: a row that says so
        return iter((Reference(place.address),))
    if ending.endswith(".tar"):
        return tar.members(place)
    if ending == ".parquet":
        return table.references(place, column)
    return iter((Reference(place.address),))


def _lines(source: Place) -> Iterator[str]:
    mark = codecs.BOM_UTF8  # as Windows' editors put it before the first line
    with source.open_ahead() as file:
        while line := file.readline(_LONGEST_LINE):
            if len(line) == _LONGEST_LINE:
                raise ScoringError(
                    f"{source} has a line of {_LONGEST_LINE} bytes: it is no list. Give a text "
                    "file with one path or address a line."
                )
            if stripped := line.removeprefix(mark).strip(b"\r\n"):
                yield os.fsdecode(stripped)
            mark = b""
