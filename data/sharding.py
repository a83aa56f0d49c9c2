"""python -m data.sharding DATA FOLDER: write pictures into tar files, for what fits no disk.

DATA is what `make train` takes, or a manifest that `python -m data DATA --out FILE.csv` wrote;
FOLDER is then a DATA itself. data/shards.py says what is in it.
"""

import argparse
import io
import json
import re
import sys
import tarfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from tqdm import tqdm

from data import manifest_csv, shards
from data.command import status_of
from data.errors import DataError
from data.manifest import Manifest, build, read_bytes
from data.picture import SPLITS, Row
from data.source import resolve
from service.artifact import ALL_LABELS
from service.images import sniff

SHARD_MB = 512
_NAME = re.compile(rf"({'|'.join(SPLITS)})-\d{{5,}}\.tar", re.ASCII)


def write(manifest: Manifest, folder: Path, shard_mb: float = SHARD_MB) -> int:
    """Write a manifest's pictures into shards, and their index last.

    Within a part, pictures are in the order of their digests: as good as shuffled, for
    readers that go through a tar from its start. The same pictures give the same bytes.

    Args:
        folder: made if missing; shards that are there already are replaced.
        shard_mb: of pictures in a shard, and at least one.
    Returns:
        how many shards there are.
    Raises:
        DataError: a picture is gone or has changed, or a shard cannot be written.
    """
    if folder.absolute() in {shards.file_of(row.path).parent for row in manifest.rows}:
        raise DataError(
            f"{folder} holds the very pictures that are to be written there. Name another folder."
        )
    index = folder / shards.INDEX
    places: dict[str, Path] = {}
    names: set[str] = set()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        index.unlink(missing_ok=True)  # until all are there, this is no folder of shards
        with tqdm(total=len(manifest.rows), unit=" pictures", disable=None) as progress:
            for part in SPLITS:
                rows = manifest.part(part, ALL_LABELS)
                for number, group in enumerate(_groups(rows, shard_mb * 1e6)):
                    name = f"{part}-{number:05}.tar"
                    places |= _write_shard(folder, name, group)
                    names.add(name)
                    progress.update(len(group))
        for path in folder.iterdir():  # of other pictures that were here before
            if _NAME.fullmatch(path.name) and path.name not in names:
                path.unlink()
    except OSError as exc:
        raise DataError(
            f"Cannot write shards to {folder}: {exc.strerror}. Make room there, or name a folder "
            "that you may write to, and run this again."
        ) from exc
    manifest_csv.write(index, (replace(r, path=places[r.sha256]) for r in manifest.rows), ())
    return len(names)


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
    return Path(text)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; the exit status: 0, 1 for a `DataError`, 130 for Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python -m data.sharding", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("data", metavar="DATA")
    parser.add_argument("folder", metavar="FOLDER", type=_named)
    parser.add_argument(
        "--shard-mb", type=float, default=SHARD_MB, metavar="MB", help="(default: %(default)s)"
    )
    options = parser.parse_args(argv)
    return status_of(lambda: _shard(options))


def _shard(options: argparse.Namespace) -> None:
    if options.data.endswith(".csv"):
        manifest = Manifest.load(Path(options.data))
    else:
        manifest = build(resolve(options.data))
    count = write(manifest, options.folder, options.shard_mb)
    print(f"{len(manifest.rows)} pictures in {count} shards: {options.folder}")


if __name__ == "__main__":
    sys.exit(main())
