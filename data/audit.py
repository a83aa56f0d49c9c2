"""What may be wrong with pictures: the findings of an audit, and those that need no network."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from data.manifest import Manifest
from data.picture import UNREADABLE_REASON, Excluded, Exclusion, Row

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
            kind=TINY,
            path=row.path,
            sha256=row.sha256,
            label=row.label,
            suggestion="",
            score=1 - _short_side(row) / TINY_PIXELS,
            why=f"{row.width} x {row.height} pixels, shown to the network as 224 x 224.",
        )
        for row in found
    ]


def left_out(manifest: Manifest, label_of: Callable[[Path], str]) -> list[Finding]:
    """Files that the manifest leaves out by itself, and why; not those that people excluded.

    Args:
        manifest: as it was built; one that was loaded knows no kinds.
        label_of: the label that a file was given.
    """
    conflicts: dict[str, list[Excluded]] = {}
    found = []
    for file in manifest.excluded:
        if file.kind is Exclusion.CONFLICT:
            conflicts.setdefault(file.sha256, []).append(file)
        elif file.kind in _LEFT_OUT:
            found.append(_LEFT_OUT[file.kind](file, label_of(file.path)))
    return [*found, *(_conflict(files, label_of) for files in conflicts.values())]


def _unreadable(file: Excluded, label: str) -> Finding:
    why = f"{_sentence(file.reason.removeprefix(UNREADABLE_REASON))} It is left out."
    return Finding(UNREADABLE, file.path, "", label, "", 1.0, why)


def _duplicate(file: Excluded, label: str) -> Finding:
    why = "The same file, byte for byte. It counts once; nothing needs to be done."
    return Finding(DUPLICATE, file.path, "", label, "", 1.0, why, file.other)


def _leak(file: Excluded, label: str) -> Finding:
    why = f"{_sentence(file.reason.removeprefix('leak: '))} It is left out."
    return Finding(NEAR, file.path, file.sha256, label, "", 1.0, why, file.other)


_LEFT_OUT: dict[Exclusion | None, Callable[[Excluded, str], Finding]] = {
    Exclusion.UNREADABLE: _unreadable,
    Exclusion.DUPLICATE: _duplicate,
    Exclusion.LEAK: _leak,
}


def _conflict(files: Sequence[Excluded], label_of: Callable[[Path], str]) -> Finding:
    """One finding for a content that has several labels, under the first of its paths."""
    first, *_ = files
    label = label_of(first.path)
    # By the labels that they were given: an earlier decision may be what differs.
    other = next((file for file in files if label_of(file.path) != label), files[-1])
    why = (
        f"{_sentence(first.reason.removeprefix('label conflict: '))} It does not count until one "
        "label is decided for both."
    )
    return Finding(CONFLICT, first.path, first.sha256, label, "", 1.0, why, other.path)


def _short_side(row: Row) -> int:
    return min(row.width, row.height)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."
