"""The files in which people write what they decided, as spreadsheets save them.

docs/audit.md describes them for those who write them.
"""

import csv
import io
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from data.errors import DataError
from service.artifact import ALL_LABELS

EXCLUDE, KEEP = "exclude", "keep"
VERDICTS = (EXCLUDE, *ALL_LABELS, KEEP)

_DELIMITERS = ",;\t"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")  # byte order marks
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet may take for one, in front
_GUARD = "'"
_HEX_DIGITS = frozenset("0123456789abcdef")
_SHA256_DIGITS = 64


@dataclass(frozen=True, slots=True)
class Decision:
    """One row. `path` counts only where there is no `sha256`; `verdict` is of `VERDICTS`."""

    file: Path
    line: int
    sha256: str
    path: str
    verdict: str

    def __str__(self) -> str:
        return f"line {self.line} of {self.file} ({self.path or self.sha256})"


class _Line(NamedTuple):
    number: int
    cells: dict[str, str]


def read_exclusions(path: Path) -> list[Decision]:
    """The rows whose `decision` is exclude or keep; without such a column, every row excludes.

    Raises:
        DataError: the file cannot be read, or a line of it makes no sense.
    """
    lines, columns = _read(path)
    if "decision" in columns:
        return [d for d in _decided(path, lines) if d.verdict in (EXCLUDE, KEEP)]
    return [_decision(path, line, EXCLUDE) for line in lines]


def read_labels(path: Path) -> list[Decision]:
    """The rows whose `decision` is a label or keep; without such a column, the `label` counts.

    Raises:
        DataError: the file cannot be read, or a line of it makes no sense.
    """
    lines, columns = _read(path)
    if "decision" in columns:
        return [d for d in _decided(path, lines) if d.verdict != EXCLUDE]
    if "label" not in columns:
        raise DataError(
            f"{path} has the columns {', '.join(columns)}; to relabel it needs `decision` or "
            f"`label`, which say {_or(ALL_LABELS)}."
        )
    return [_decision(path, line, _one_of(ALL_LABELS, path, line, "label")) for line in lines]


def guarded(text: str) -> str:
    """`text` as no spreadsheet takes it for a formula: with an apostrophe before it."""
    return _GUARD + text if text.startswith((*_FORMULA, _GUARD)) else text


def unguarded(text: str) -> str:
    """What `guarded` was given."""
    return text[1:] if text.startswith(_GUARD) and text[1:2] in (*_FORMULA, _GUARD) else text


def _decided(path: Path, lines: list[_Line]) -> Iterator[Decision]:
    decided = [line for line in lines if line.cells["decision"]]
    if lines and not decided:
        raise DataError(
            f"{path} decides nothing: its column `decision` is empty. Write {_or(VERDICTS)} "
            "into it, for example by copying what the column `suggestion` says."
        )
    for line in decided:
        yield _decision(path, line, _one_of(VERDICTS, path, line, "decision"))


def _decision(path: Path, line: _Line, verdict: str) -> Decision:
    sha256, picture = line.cells.get("sha256", "").lower(), line.cells.get("path", "")
    if not sha256 and not picture:
        raise DataError(f"Line {line.number} of {path} has neither a sha256 nor a path. Write one.")
    if sha256 and (len(sha256) != _SHA256_DIGITS or not _HEX_DIGITS.issuperset(sha256)):
        raise DataError(
            f"Line {line.number} of {path}: {sha256!r} is no sha256, which is {_SHA256_DIGITS} "
            "hexadecimal digits. Clear the cell to go by the path instead."
        )
    if ".." in Path(picture).parts:
        picture = os.path.abspath(picture)  # noqa: PTH100 - pathlib has no way to fold `..`
    return Decision(path, line.number, sha256, picture, verdict)


def _one_of(allowed: tuple[str, ...], path: Path, line: _Line, column: str) -> str:
    value = line.cells[column].lower()
    if value not in allowed:
        raise DataError(
            f"Line {line.number} of {path}: {column} is {line.cells[column]!r}; "
            f"write {_or(allowed)}."
        )
    return value


def _read(path: Path) -> tuple[list[_Line], list[str]]:
    """All rows that are not empty, and the columns, in small letters."""
    try:
        data = path.read_bytes()
        encoding = "utf-16" if data.startswith(_UTF16) else "utf-8-sig"
        errors = "strict" if encoding == "utf-16" else "surrogateescape"  # names need not be UTF-8
        text = data.decode(encoding, errors)
        delimiter = max(_DELIMITERS, key=text.partition("\n")[0].count)
        table = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        columns = [name.strip().lower() for name in next(table, [])]
        lines = [
            _Line(table.line_num, _cells(columns, row)) for row in table if any(map(str.strip, row))
        ]
    except (OSError, UnicodeError, csv.Error) as exc:
        what = exc.strerror if isinstance(exc, OSError) else exc
        raise DataError(
            f"{path} cannot be read as CSV ({what}). Give the file that `make audit` wrote, or a "
            "list with the column `path` or `sha256`."
        ) from exc
    if not {"path", "sha256"} & set(columns):
        raise DataError(
            f"{path} begins with {', '.join(columns) or 'nothing'}; its first line must name the "
            "columns, one of them `path` or `sha256`."
        )
    return lines, columns


def _cells(columns: list[str], row: list[str]) -> dict[str, str]:
    """Cells by column; those that a row lacks are empty."""
    padded = [*row, *[""] * (len(columns) - len(row))]
    return {c: unguarded(cell.strip(" ")) for c, cell in zip(columns, padded, strict=False)}


def _or(words: tuple[str, ...]) -> str:
    return f"{', '.join(words[:-1])} or {words[-1]}"
