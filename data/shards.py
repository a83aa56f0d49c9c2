"""Pictures in tar files, each of which can be read without reading its neighbours.

A folder of shards is what `python -m data.sharding` writes: `train-00000.tar` and so on, and
`shards.csv`, their manifest, in which a picture's path is `train-00000.tar/OFFSET+SIZE/NAME`.
The tars are uncompressed, so its bytes lie there as they are. They are a WebDataset too: each
picture is followed by a `.json` of the same name, with its label and all else known of it.
"""

import os
import re
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from data import manifest_csv
from data.errors import DataError
from data.picture import Row

INDEX = "shards.csv"
_SPAN = re.compile(r"(\d{1,15})\+(\d{1,12})", re.ASCII)


class Spot(NamedTuple):
    """Where a picture's bytes are in a shard."""

    tar: Path
    offset: int
    size: int


def path_of(spot: Spot, name: str) -> Path:
    """How a manifest names a picture in a shard."""
    return spot.tar / f"{spot.offset}+{spot.size}" / name


def spot_of(path: Path) -> Spot | None:
    """Where a manifest's picture is; None for a file of its own."""
    tar, span = path.parent.parent, _SPAN.fullmatch(path.parent.name)
    if span is None or tar.suffix != ".tar":
        return None
    return Spot(tar, int(span[1]), int(span[2]))


def file_of(path: Path) -> Path:
    """The file that a manifest's picture is in, or is."""
    spot = spot_of(path)
    return spot.tar if spot else path


def read(path: Path) -> bytes:
    """The bytes of a manifest's picture, wherever they are.

    Raises:
        OSError: its file cannot be read; a shard that is too short gives fewer bytes.
    """
    spot = spot_of(path)
    if spot is None:
        return path.read_bytes()
    with spot.tar.open("rb") as file:
        size = min(spot.size, os.fstat(file.fileno()).st_size)
        file.seek(spot.offset)
        return file.read(size)


def are_in(folder: str | Path) -> bool:
    """Whether a folder is one of shards."""
    return (Path(folder) / INDEX).is_file()


def rows(folder: Path) -> tuple[Row, ...]:
    """The pictures of a folder of shards, in the order of the manifest they were made of.

    Raises:
        DataError: its index cannot be read, or leads out of the folder.
    """
    found, _ = manifest_csv.read(folder / INDEX)
    for row in found:
        spot = spot_of(row.path)
        if spot is None or len(row.path.parts) != 3 or row.path.is_absolute():
            raise DataError(
                f"{folder / INDEX} names {row.path}, which is no picture in a shard beside it. "
                "Write the shards again: python -m data.sharding DATA FOLDER"
            )
    return tuple(replace(row, path=folder / row.path) for row in found)
