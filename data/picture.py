"""What is known of a picture on its way from a source into the manifest."""

from dataclasses import dataclass
from pathlib import Path

from service.artifact import ALL_LABELS as ALL_LABELS
from service.artifact import NEITHER as NEITHER  # measures rejection; never trained on

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


@dataclass(frozen=True, slots=True)
class Excluded:
    """A file that does not count, and why, in words for the user."""

    path: Path
    reason: str
