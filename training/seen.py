"""Which pictures a model, or its calibration, has seen: listed in its artifact."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from data.near import near_phashes
from data.picture import Row
from training.errors import TrainingError

# A line a picture: sha256 of its bytes and, unless it is too flat for one, its perceptual
# hash. Artifacts of older versions have the sha256 alone.
TRAINED_ON = "trained-on.txt"


class Unseen(NamedTuple):
    """Pictures that are new to a model, and how many are not.

    seen: of these very bytes.
    near: near duplicates of such.
    """

    kept: tuple[Row, ...]
    seen: int
    near: int


def write(folder: Path, rows: Iterable[Row]) -> None:
    """List pictures in an artifact."""
    lines = sorted(f"{row.sha256} {row.phash}".rstrip() for row in rows)
    (folder / TRAINED_ON).write_text("".join(f"{line}\n" for line in lines))


def without_seen(rows: Sequence[Row], folder: Path) -> Unseen:
    """Leave out what an artifact lists, and near duplicates of that (`data.near`).

    Raises:
        TrainingError: it has no list.
    """
    try:
        lines = [line.split() for line in (folder / TRAINED_ON).read_text().splitlines()]
    except FileNotFoundError as exc:
        raise TrainingError(
            f"{folder} lacks {TRAINED_ON}, so nobody can tell which pictures are new to it. "
            "Export the model again."
        ) from exc
    sha256s = {words[0] for words in lines if words}
    new = [row for row in rows if row.sha256 not in sha256s]
    near = _near({row.phash for row in new if row.phash}, {w[1] for w in lines if len(w) > 1})
    kept = tuple(row for row in new if row.phash not in near)
    return Unseen(kept, len(rows) - len(new), len(new) - len(kept))


def _near(phashes: set[str], seen: set[str]) -> set[str]:
    """Those of `phashes` that are near one of `seen`, or equal to it."""
    found = phashes & seen
    for a, b in near_phashes(sorted(phashes | seen)):
        if a in seen and b in phashes:
            found.add(b)
        if b in seen and a in phashes:
            found.add(a)
    return found
