"""The manifest's file: one CSV line a picture. An excluded file has its path and a reason."""

import csv
from collections.abc import Iterable
from pathlib import Path

from data.errors import DataError
from data.picture import SPLITS, Excluded, Row
from service.artifact import ALL_LABELS
from service.whole import replacing

COLUMNS = ("path", "label", "split", "sha256", "phash", "width", "height", "excluded")
_LONGEST_SHOWN = 80  # bytes of a first line; a manifest's has fewer


def write(path: Path, rows: Iterable[Row], excluded: Iterable[Excluded]) -> None:
    """Write it; readers see the old file or the new one.

    Raises:
        DataError: the file cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with (
            replacing(path) as partial,
            partial.open("w", newline="", encoding="utf-8", errors="surrogateescape") as file,
        ):
            table = csv.writer(file)
            table.writerow(COLUMNS)
            for r in rows:
                table.writerow((r.path, r.label, r.split, r.sha256, r.phash, r.width, r.height, ""))
            for e in excluded:
                table.writerow((e.path, "", "", "", "", "", "", e.reason))
    except OSError as exc:
        raise DataError(
            f"Cannot write the manifest {path}: {exc.strerror}. Name a file that you may write."
        ) from exc


def require_place(path: Path) -> None:
    """See that a manifest can be written there, before the work of making one.

    Raises:
        DataError: it would replace what is no manifest, or its folder is not there.
    """
    if not path.parent.is_dir():
        raise DataError(
            f"Cannot write the manifest {path}: there is no folder {path.parent}. Make it, or "
            "name a file in another one."
        )
    if not path.exists():
        return
    if not path.is_file():
        what = "a folder" if path.is_dir() else "no file of a disk"
        raise DataError(f"Cannot write the manifest {path}: it is {what}. Name another one.")
    try:
        with path.open("rb") as file:
            begins = file.readline(_LONGEST_SHOWN).rstrip(b"\r\n")
    except OSError as exc:
        raise DataError(
            f"{path} is there and cannot be read ({exc.strerror}): it may be no manifest, and it "
            "would be replaced. Name another file."
        ) from exc
    if begins not in (b"", ",".join(COLUMNS).encode()):
        raise DataError(
            f"{path} is there and is no manifest, as it begins with "
            f"{begins.decode(errors='replace')!r}: it would be replaced. Name another file, or "
            "move this one away."
        )


def read(path: Path) -> tuple[tuple[Row, ...], tuple[Excluded, ...]]:
    """Read what `write` wrote.

    Raises:
        DataError: there is no such file, or a line of it is not ours.
    """
    rows, excluded = [], []
    try:
        with path.open(newline="", encoding="utf-8", errors="surrogateescape") as file:
            table = csv.DictReader(file, strict=True)
            if tuple(table.fieldnames or ()) != COLUMNS:
                raise ValueError(f"its columns are {table.fieldnames}, expected {COLUMNS}")
            for fields in table:
                try:
                    if fields["excluded"]:
                        excluded.append(Excluded(Path(fields["path"]), fields["excluded"]))
                    else:
                        rows.append(_row(fields))
                except (TypeError, ValueError) as exc:
                    raise ValueError(f"line {table.line_num}: {exc}") from exc
    except FileNotFoundError as exc:
        raise DataError(
            f"There is no manifest {path}. Make it: python -m data DATA --out {path}"
        ) from exc
    except (OSError, ValueError, csv.Error) as exc:
        raise DataError(
            f"{path} is not a manifest that this version wrote: {exc}. Build it again."
        ) from exc
    return tuple(rows), tuple(excluded)


def _row(fields: dict[str, str]) -> Row:
    if fields["label"] not in ALL_LABELS or fields["split"] not in SPLITS:
        raise ValueError(
            f"label {fields['label']!r} and split {fields['split']!r}, "
            f"expected one of {ALL_LABELS} and of {SPLITS}"
        )
    return Row(
        path=Path(fields["path"]),
        label=fields["label"],
        split=fields["split"],
        sha256=fields["sha256"],
        phash=fields["phash"],
        width=int(fields["width"]),
        height=int(fields["height"]),
    )
