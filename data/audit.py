"""What may be wrong with pictures: the findings of an audit, and those that need no network."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from data.manifest import Manifest
from data.picture import Excluded, Row
from service.artifact import sha256_of

LABEL, DOUBTFUL = "label", "doubtful"
NO_ANIMAL, ANIMAL = "no animal", "animal"
NEAR, DUPLICATE, CONFLICT = "near duplicate", "duplicate", "conflict"
TINY, UNREADABLE = "tiny", "unreadable"
# In the order in which they are best gone through.
KINDS = (LABEL, NO_ANIMAL, ANIMAL, CONFLICT, NEAR, DOUBTFUL, TINY, DUPLICATE, UNREADABLE)

TINY_PIXELS = 64  # short side; the network sees 224 x 224
# Where more of the pictures are tiny than this, that is how the data set is.
MOSTLY = 0.5


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a person should look at.

    kind: of `KINDS`.
    sha256: empty where only the path tells this file from one that should stay, or where
        the file could not be read.
    label: the one given.
    suggestion: a verdict (`data.decisions_csv.VERDICTS`), or empty where only looking
        helps, or where nothing is to be done.
    score: 0 to 1, worse is higher; comparable within a kind.
    why: a sentence.
    other: the picture that this one is compared with.
    """

    kind: str
    path: Path
    sha256: str
    label: str
    suggestion: str
    score: float
    why: str
    other: Path | None = None


def tiny(manifest: Manifest) -> list[Finding]:
    """Pictures with a short side under `TINY_PIXELS`, unless most of the set are such."""
    found = [row for row in manifest.rows if _short_side(row) < TINY_PIXELS]
    if len(found) > MOSTLY * len(manifest.rows):
        return []
    return [
        Finding(
            *(TINY, row.path, row.sha256, row.label, ""),
            score=1 - _short_side(row) / TINY_PIXELS,
            why=f"{row.width} x {row.height} pixels, shown to the network as 224 x 224.",
        )
        for row in found
    ]


def left_out(manifest: Manifest, label_of: Callable[[Path], str]) -> list[Finding]:
    """Files that the manifest leaves out by itself, and why; not those that people excluded.

    Args:
        label_of: the label that a file was given.
    """
    conflicts: dict[str, list[Path]] = {}
    found = []
    for file in manifest.excluded:
        what = file.reason.partition(" ")[0]
        if what == "label":
            conflicts.setdefault(file.reason, []).append(file.path)
        elif what in _LEFT_OUT:
            found.append(_LEFT_OUT[what](file, label_of(file.path)))
    return [*found, *_conflicts(conflicts, label_of)]


def _unreadable(file: Excluded, label: str) -> Finding:
    why = f"{_sentence(file.reason.removeprefix('unreadable: '))} It is left out."
    return Finding(UNREADABLE, file.path, "", label, "", 1.0, why)


def _duplicate(file: Excluded, label: str) -> Finding:
    why = "The same file, byte for byte. It counts once; nothing needs to be done."
    other = Path(file.reason.removeprefix("duplicate of "))
    return Finding(DUPLICATE, file.path, "", label, "", 1.0, why, other)


def _leak(file: Excluded, label: str) -> Finding:
    why = f"{_sentence(file.reason.removeprefix('leak: '))} It is left out."
    named = Path(file.reason.rpartition(", ")[2].rpartition(" (")[0])
    other = named if named.is_file() else None  # names may hold commas and brackets, too
    return Finding(NEAR, file.path, sha256_of(file.path), label, "", 1.0, why, other)


# The first word of the reasons that `data.manifest`, `fingerprint` and `split` give.
_LEFT_OUT: dict[str, Callable[[Excluded, str], Finding]] = {
    "unreadable:": _unreadable,
    "duplicate": _duplicate,
    "leak:": _leak,
}


def _conflicts(
    conflicts: dict[str, list[Path]], label_of: Callable[[Path], str]
) -> Iterator[Finding]:
    """One finding for each content that has several labels, under the first of its paths."""
    for reason, paths in conflicts.items():
        first, *_ = paths
        yield Finding(
            *(CONFLICT, first, sha256_of(first), label_of(first), ""),
            score=1.0,
            why=f"{_sentence(reason.removeprefix('label conflict: '))} It does not count until one "
            "label is decided for both.",
            # By the labels that they were given: an earlier decision may be what differs.
            other=next((path for path in paths if label_of(path) != label_of(first)), paths[-1]),
        )


def _short_side(row: Row) -> int:
    return min(row.width, row.height)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."
