"""From what the user names to a list of labelled files."""

from dataclasses import dataclass
from pathlib import Path

from data import folder, oxford_pets, shards, starter
from data.errors import DataError
from data.picture import Candidate

NAMED = {"starter": starter.candidates, "oxford-pets": oxford_pets.candidates}


@dataclass(frozen=True)
class Source:
    """A set of labelled files; `name` is a key of `NAMED`, or the folder's path.

    shards: that folder, if it holds shards; there are no candidates then.
    unused: what lies in the folder under no label (`data.folder.unused`).
    """

    name: str
    candidates: tuple[Candidate, ...]
    shards: Path | None = None
    unused: str = ""


def resolve(name_or_path: str) -> Source:
    """Find the source that the user means, downloading it if it is one of `NAMED`.

    Args:
        name_or_path: a key of `NAMED`, or a folder, of pictures or of shards; `./starter`
            is a folder.
    Raises:
        DataError: there is no such source, it cannot be had, or it lacks cats or dogs.
    """
    if name_or_path in NAMED:
        return Source(name_or_path, tuple(NAMED[name_or_path]()))
    try:
        path = expanded(name_or_path).absolute()
        is_folder, is_there, has_shards = path.is_dir(), path.exists(), shards.are_in(path)
    except OSError as exc:
        raise DataError(
            f"Cannot look at {name_or_path}: {exc.strerror}. Make it and the folders above it "
            f"ones that you may enter, or name {' or '.join(NAMED)}, or {folder.LAYOUTS}."
        ) from exc
    if not is_folder:
        what = "is not a folder" if is_there else "does not exist"
        raise DataError(
            f"{path} {what}, and {name_or_path!r} is not a data set we know. "
            f"Name {' or '.join(NAMED)}, or {folder.LAYOUTS}."
        )
    if has_shards:
        return Source(str(path), (), path)
    return Source(str(path), tuple(folder.candidates(path)), unused=folder.unused(path))


def expanded(path: str) -> Path:
    """A path that begins with `~` or `~user`, without it.

    Raises:
        DataError: there is no such home.
    """
    try:
        return Path(path).expanduser()
    except RuntimeError as exc:
        raise DataError(
            f"{path!r} begins with a home that this system does not know. Write the folder's "
            "whole path."
        ) from exc
