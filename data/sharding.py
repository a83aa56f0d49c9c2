"""python -m data.sharding DATA FOLDER: write pictures into tar files, for what fits no disk.

DATA is what `make train` takes, or a manifest that `python -m data DATA --out FILE.csv` wrote;
FOLDER is then a DATA itself. data/shards.py says what is in it.
"""

import argparse
import io
import json
import math
import re
import sys
import tarfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from tqdm import tqdm

from data import command, manifest_csv, shards
from data.errors import DataError
from data.manifest import Manifest, build, read_bytes
from data.picture import SPLITS, Row
from data.source import expanded, resolve
from service.artifact import ALL_LABELS
from service.images import sniff

SHARD_MB = 512
_UNFINISHED = "shards.unfinished"  # in a folder from the first shard until its index is there
_NAME = re.compile(rf"({'|'.join(SPLITS)})-\d{{5,}}\.tar", re.ASCII)


def write(manifest: Manifest, folder: Path, shard_mb: float = SHARD_MB) -> int:
    """Write a manifest's pictures into shards, and their index last.

    Within a part, pictures are in the order of their digests: as good as shuffled, for
    readers that go through a tar from its start. The same pictures give the same bytes.

    Args:
        folder: made if missing; shards that this wrote there before are replaced.
        shard_mb: of pictures in a shard, and at least one.
    Returns:
        how many shards there are.
    Raises:
        DataError: a picture is gone or has changed, a shard cannot be written, or the folder
            holds these pictures, lies among them, or has tars of somebody else's.
    """
    index, unfinished = folder / shards.INDEX, folder / _UNFINISHED
    places: dict[str, Path] = {}
    names: set[str] = set()
    try:
        _require_apart(folder, manifest.rows)
        _require_ours(folder)
        folder.mkdir(parents=True, exist_ok=True)
        unfinished.touch()  # or what is left of an interrupted run would be nobody's
        index.unlink(missing_ok=True)  # until all are there, this is no folder of shards
        with tqdm(total=len(manifest.rows), unit=" pictures", disable=None) as progress:
            for part in SPLITS:
                rows = manifest.part(part, ALL_LABELS)
                for number, group in enumerate(_groups(rows, shard_mb * 1e6)):
                    name = f"{part}-{number:05}.tar"
                    places |= _write_shard(folder, name, group)
                    names.add(name)
                    progress.update(len(group))
        for name in _tars(folder) - names:  # of other pictures that were here before
            (folder / name).unlink()
        manifest_csv.write(index, (replace(r, path=places[r.sha256]) for r in manifest.rows), ())
        unfinished.unlink()
    except OSError as exc:
        raise DataError(
            f"Cannot write shards to {folder}: {exc.strerror}. Make room there, or name a folder "
            "that you may write to, and run this again."
        ) from exc
    return len(names)


def _require_apart(folder: Path, rows: Iterable[Row]) -> None:
    """See that no shard is written over a picture, or to where it would count as one.

    By whatever path, through links too, both may be named.
    """
    target = folder.resolve()
    files = {shards.file_of(row.path) for row in rows}
    held = {parent.resolve() for parent in {file.parent for file in files}}
    held |= {file.resolve().parent for file in files if file.suffix == ".tar"}  # of linked shards
    for place in held:
        if place.is_relative_to(target):
            raise DataError(
                f"{folder} holds the very pictures that are to be written there, in {place}. "
                "Name another folder."
            )
        if target.is_relative_to(place):
            raise DataError(
                f"{folder} lies in {place}, among the pictures that are to be written there. "
                "Name another folder."
            )


def _require_ours(folder: Path) -> None:
    """See that what is to be replaced was written by this: data sets of others have such names."""
    if not folder.is_dir() or (folder / _UNFINISHED).is_file():
        return
    names = _tars(folder)
    if shards.are_in(folder):
        try:
            names -= {shards.file_of(row.path).name for row in shards.rows(folder)}
        except DataError:
            names.add(shards.INDEX)
    if foreign := sorted(names):
        more = f" and {len(foreign) - 1} more" if foreign[1:] else ""
        raise DataError(
            f"{folder} holds {foreign[0]}{more}, which this did not write and would replace or "
            "delete. Name an empty folder."
        )


def _tars(folder: Path) -> set[str]:
    """Names of files in a folder that are called as shards are."""
    return {path.name for path in folder.iterdir() if _NAME.fullmatch(path.name)}


def _groups(rows: Sequence[Row], least_bytes: float) -> Iterator[list[Row]]:
    """What goes into each shard: as few pictures as have so many bytes."""
    group: list[Row] = []
    size = 0
    for row in sorted(rows, key=lambda row: row.sha256):
        group.append(row)
        spot = shards.spot_of(row.path)
        size += spot.size if spot else row.path.stat().st_size
        if size >= least_bytes:
            yield group
            group, size = [], 0
    if group:
        yield group


def _write_shard(folder: Path, name: str, rows: Sequence[Row]) -> dict[str, Path]:
    """Write one shard, whole or not at all; sha256 -> path in it, relative to the folder."""
    places = {}
    partial = folder / f".{name}.partial"
    try:
        with (
            partial.open("wb") as file,
            # USTAR: a header is one block, and every reader of tars knows it.
            tarfile.open(fileobj=file, mode="w", format=tarfile.USTAR_FORMAT) as tar,
        ):
            for row in rows:
                picture = read_bytes(row)
                file_name = f"{row.sha256}.{_extension(picture)}"
                spot = shards.Spot(Path(name), file.tell() + tarfile.BLOCKSIZE, len(picture))
                places[row.sha256] = shards.path_of(spot, file_name)
                _add(tar, file_name, picture)
                _add(tar, f"{row.sha256}.json", _described(row))
        partial.replace(folder / name)
    finally:
        partial.unlink(missing_ok=True)
    return places


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    """Add a file of no owner and no time."""
    member = tarfile.TarInfo(name)
    member.size = len(content)
    tar.addfile(member, io.BytesIO(content))


def _described(row: Row) -> bytes:
    known = asdict(row) | {"name": row.path.name}
    del known["path"]
    return json.dumps(known).encode()


def _extension(picture: bytes) -> str:
    kind = sniff(picture)
    assert kind is not None, "a manifest has pictures only"
    return {"JPEG": "jpg"}.get(kind.decoder, kind.decoder.lower())


def _named(text: str) -> Path:
    if not text.strip():  # as `make shards` without OUT= has it; not the current folder
        raise argparse.ArgumentTypeError("it is empty; make shards DATA=pictures OUT=folder")
    return command.path(text)


def _over_zero(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not number > 0:  # nor is nan
        raise argparse.ArgumentTypeError(f"it is {text!r}; it must be a number over 0")
    return number


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; the exit status: 0, 1 for a `DataError`, 130 for Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python -m data.sharding", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("data", metavar="DATA")
    parser.add_argument("folder", metavar="FOLDER", type=_named)
    parser.add_argument(
        "--shard-mb", type=_over_zero, default=SHARD_MB, metavar="MB", help="(default: %(default)s)"
    )
    options = parser.parse_args(argv)
    return command.status_of(lambda: _shard(options))


def _shard(options: argparse.Namespace) -> None:
    if options.data.endswith(".csv"):
        manifest = Manifest.load(expanded(options.data))
    else:
        manifest = build(resolve(options.data))
    count = write(manifest, options.folder, options.shard_mb)
    print(f"{len(manifest.rows)} pictures in {count} shards: {options.folder}")


if __name__ == "__main__":
    sys.exit(main())
