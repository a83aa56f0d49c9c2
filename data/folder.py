"""A user's own pictures: a folder per label, or labels in the files' names."""

import os
from collections.abc import Iterator
from pathlib import Path

from data.errors import DataError
from data.picture import Candidate
from service.artifact import ALL_LABELS, LABELS

LAYOUTS = (
    "a folder with cat/ and dog/ (and neither/, if you have other pictures), "
    "or one of files named cat.* and dog.* (and neither.*)"
)

_LABEL_OF = {label: label for label in ALL_LABELS} | {f"{label}s": label for label in LABELS}
_LITTER = {"thumbs.db", "desktop.ini"}  # what file managers leave in folders of pictures
_NAMES_SHOWN = 8


def candidates(folder: Path) -> list[Candidate]:
    """Every file under a labelled folder or with a labelled name, in the order of paths.

    Labels are read without regard to case, and cats/ and dogs/ are taken as well.
    Labelled folders are searched to any depth, through links too, each folder once. Hidden
    files are passed over; other files that turn out to be no pictures are for the scan to
    report.

    Raises:
        DataError: the folder cannot be listed, or holds no cats or no dogs.
    """
    try:
        found = sorted(_labelled(folder), key=lambda candidate: candidate.path)
        missing = [f"{label}s" for label in LABELS if all(c.label != label for c in found)]
        contents = _contents(folder) if missing else ""
    except OSError as exc:
        raise DataError(
            f"Cannot list {exc.filename}: {exc.strerror}. Make it readable, or move it away."
        ) from exc
    if missing:
        raise DataError(
            f"No {' and no '.join(missing)} in {folder}, which holds {contents}. Give {LAYOUTS}."
        )
    return found


def _labelled(folder: Path) -> Iterator[Candidate]:
    for entry in folder.iterdir():
        if _is_litter(entry.name):
            continue
        if entry.is_dir():
            label = _LABEL_OF.get(entry.name.lower())
            if label is not None:
                yield from (Candidate(path, label) for path in _files(entry))
        elif entry.is_file():
            label = _LABEL_OF.get(entry.name.split(".")[0].lower())
            if label is not None:
                yield Candidate(entry, label)


def _files(folder: Path) -> Iterator[Path]:
    visited = {_identity(folder)}  # a link may lead back
    for parent, folders, names in os.walk(folder, onerror=_raise, followlinks=True):
        kept = []
        for name in sorted(folders):  # of two links to one folder the same one counts each time
            if not _is_litter(name) and (identity := _identity(Path(parent, name))) not in visited:
                visited.add(identity)
                kept.append(name)
        folders[:] = kept
        paths = (Path(parent, name) for name in names if not _is_litter(name))
        yield from (path for path in paths if path.is_file())  # no sockets, no broken links


def _identity(folder: Path) -> tuple[int, int]:
    status = folder.stat()
    return status.st_dev, status.st_ino


def _is_litter(name: str) -> bool:
    return name.startswith(".") or name.lower() in _LITTER


def _raise(error: OSError) -> None:
    raise error  # os.walk otherwise passes over what it may not list


def _contents(folder: Path) -> str:
    """What to tell a user whose layout we did not recognize."""
    names = sorted(
        f"{entry.name}/ ({sum(1 for _ in entry.iterdir())} entries)"
        if entry.is_dir()
        else entry.name
        for entry in folder.iterdir()
        if not _is_litter(entry.name)
    )
    if not names:
        return "nothing"
    more = f" and {len(names) - _NAMES_SHOWN} more" if len(names) > _NAMES_SHOWN else ""
    return ", ".join(names[:_NAMES_SHOWN]) + more
