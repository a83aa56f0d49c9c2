"""A user's own pictures: a folder per label, or labels in the files' names."""

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from data.errors import DataError
from data.picture import Candidate
from service.artifact import ALL_LABELS, LABELS

LAYOUTS = (
    "a folder with cat/ and dog/ (and neither/, if you have other pictures), "
    "or one of files named cat.* and dog.* (and neither.*)"
)

_LABEL_OF = {label: label for label in ALL_LABELS} | {f"{label}s": label for label in LABELS}
_WORD = re.compile(r"[^\W\d_]+")  # letters, of any alphabet
_LITTER = {  # what file managers, archives and network drives leave in folders of pictures
    *("thumbs.db", "desktop.ini", "__macosx", "lost+found"),
    *("@eadir", "#recycle", "@recycle", "$recycle.bin", "#snapshot"),
}
_NAMES_SHOWN = 8
_UNUSED_SHOWN = 4


def candidates(folder: Path) -> list[Candidate]:
    """Every file under a labelled folder or with a labelled name, in the order of paths.

    Labels are read without regard to case, and cats/ and dogs/ are taken as well.
    Labelled folders are searched to any depth, through links too, each folder once. Hidden
    files are passed over; other files that turn out to be no pictures, and links that lead
    nowhere, are for the scan to report. `unused` has what is left.

    Raises:
        DataError: the folder cannot be listed, holds no cats or no dogs, or has a label's
            folder inside another's.
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


def unused(folder: Path) -> str:
    """What lies in a folder under no label, in words; empty where nothing does.

    Raises:
        DataError: the folder cannot be listed.
    """
    try:
        with os.scandir(folder) as entries:  # which knows folders without a look at each
            found = [(_is_folder(entry), Path(entry.path)) for entry in entries]
    except OSError as exc:
        raise DataError(
            f"Cannot list {exc.filename}: {exc.strerror}. Make it readable, or move it away."
        ) from exc
    others = [
        (not is_folder, path)
        for is_folder, path in found
        if not _is_litter(path.name) and _label_of(path.name, is_folder) is None
    ]
    return _listed([path for _, path in sorted(others)], _UNUSED_SHOWN)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    """Whether it is one, or a link to one; a link that leads back to itself is none."""
    return Path(entry.path).is_dir() if entry.is_symlink() else entry.is_dir()


def _labelled(folder: Path) -> Iterator[Candidate]:
    for entry in folder.iterdir():
        if _is_litter(entry.name):
            continue
        is_folder = entry.is_dir()
        label = _label_of(entry.name, is_folder)
        if label is None:
            continue
        if is_folder:
            yield from (Candidate(path, label) for path in _files(entry, label))
        elif _is_file(entry):
            yield Candidate(entry, label)


def _label_of(name: str, is_folder: bool) -> str | None:
    """The label that a folder's whole name is, or a file name's first word: `cat (3).jpg`.

    None where a file's name has another label too: `dog and cat.jpg`.
    """
    if is_folder:
        return _LABEL_OF.get(name.lower())
    first = _WORD.match(name)
    label = _LABEL_OF.get(first[0].lower()) if first else None
    words = (_LABEL_OF.get(word.lower(), label) for word in _WORD.findall(name))
    return label if all(word == label for word in words) else None


def _files(folder: Path, label: str) -> Iterator[Path]:
    visited = {_identity(folder)}  # a link may lead back
    for parent, folders, names in os.walk(folder, onerror=_raise, followlinks=True):
        kept = []
        for name in sorted(folders):  # of two links to one folder the same one counts each time
            if not _is_litter(name) and (identity := _identity(Path(parent, name))) not in visited:
                _require_same(Path(parent, name), folder, label)
                visited.add(identity)
                kept.append(name)
        folders[:] = kept
        paths = (Path(parent, name) for name in names if not _is_litter(name))
        yield from (path for path in paths if _is_file(path))


def _require_same(inner: Path, folder: Path, label: str) -> None:
    """See that a folder in a label's folder isn't called after another label.

    Raises:
        DataError: it is, and whoever put it there by mistake would train on wrong labels.
    """
    other = _LABEL_OF.get(inner.name.lower(), label)
    if other != label:
        raise DataError(
            f"{inner} is inside {folder.name}/: is it {_kind(label)} or {_kind(other)}? "
            "Move it, or rename it."
        )


def _kind(label: str) -> str:
    return f"{label}s" if label in LABELS else label


def _is_file(path: Path) -> bool:
    """No socket or the like. A link that leads nowhere is: the scan says that it does."""
    return path.is_file() or (path.is_symlink() and not path.exists())


def _identity(folder: Path) -> tuple[int, int]:
    status = folder.stat()
    return status.st_dev, status.st_ino


def _is_litter(name: str) -> bool:
    return name.startswith(".") or name.lower() in _LITTER


def _raise(error: OSError) -> None:
    raise error  # os.walk otherwise passes over what it may not list


def _contents(folder: Path) -> str:
    """What to tell a user whose layout we did not recognize."""
    entries = [entry for entry in folder.iterdir() if not _is_litter(entry.name)]
    for entry in entries:
        if entry.is_dir():
            os.scandir(entry).close()  # what may not be listed may be what is missing
    return _listed(sorted(entries), _NAMES_SHOWN) or "nothing"


def _listed(entries: list[Path], most: int) -> str:
    """Names, folders with the number of their entries; so many, and how many more."""
    shown = ", ".join(_shown(entry) for entry in entries[:most])
    more = len(entries) - most
    return f"{shown} and {more} more" if more > 0 else shown


def _shown(entry: Path) -> str:
    if not entry.is_dir():
        return entry.name
    with suppress(OSError):  # it is of no use anyway
        count = sum(1 for _ in entry.iterdir())
        return f"{entry.name}/ ({count} entries)"
    return f"{entry.name}/"
