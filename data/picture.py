"""What is known of a picture on its way from a source into the manifest."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum, auto
from pathlib import Path

TRAIN, VAL, TEST = "train", "val", "test"
SPLITS = (TRAIN, VAL, TEST)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A file that a source offers under a label of `ALL_LABELS`.

    split: `test` if it is of the part that its source sets aside for testing; None where
        its content decides.
    """

    path: Path
    label: str
    split: str | None = None


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What tells a picture from others.

    sha256: of the file's bytes, hexadecimal.
    phash: perceptual hash, 64 bits as 16 hexadecimal digits; empty for a picture too
        flat to have one.
    width, height: pixels, from the file's header, before any EXIF rotation.
    """

    sha256: str
    phash: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Row:
    """A picture that counts. `path` is absolute; for the others see `Fingerprint`."""

    path: Path
    label: str
    split: str
    sha256: str
    phash: str
    width: int
    height: int


class Exclusion(Enum):
    """Why a file does not count."""

    UNREADABLE = auto()
    UNREACHABLE = auto()  # a file that is there, and could not be read this time
    DUPLICATE = auto()  # of `Excluded.other`
    CONFLICT = auto()  # the same content under two labels
    LEAK = auto()  # near `Excluded.other`, and in no part that both could be in
    DECIDED = auto()  # people left it out


@dataclass(frozen=True, slots=True)
class Excluded:
    """A file that does not count, and why, in words for the user.

    kind, sha256, other: known where the manifest was built; its file keeps the words alone.
    sha256: empty for a file that is unreadable.
    other: the picture that a duplicate or a leak is left out for.
    """

    path: Path
    reason: str
    kind: Exclusion | None = field(default=None, compare=False)
    sha256: str = field(default="", compare=False)
    other: Path | None = field(default=None, compare=False)


NEEDS_HEIC = "HEIC, which `.venv/bin/pip install --require-hashes -r requirements/heic.txt` reads"
DEAD_LINK = "the link leads to no file"
UNREADABLE_REASON = "unreadable: "  # how the reasons of those files begin, in manifests too

_IN_SHORT = (  # how a reason begins, and what many files with that reason are called
    (f"{UNREADABLE_REASON}{NEEDS_HEIC}", NEEDS_HEIC),
    (f"{UNREADABLE_REASON}{DEAD_LINK}", "links to no file"),
    (UNREADABLE_REASON, "unreadable"),
    ("duplicate of ", "exact duplicates"),
    ("label conflict: ", "under two labels"),
    ("leak: ", "near duplicates of another part's"),
)


def summed_up(excluded: Iterable[Excluded]) -> str:
    """How many files don't count, and for which reasons, the commonest first."""
    count = Counter(map(_in_short, excluded))
    reasons = "; ".join(f"{n} {reason}" for reason, n in count.most_common())
    return f"{count.total()} files left out" + (f": {reasons}" if reasons else "")


def _in_short(file: Excluded) -> str:
    return next((short for begin, short in _IN_SHORT if file.reason.startswith(begin)), file.reason)
