"""The manifest: which pictures count, under which label, in which part."""

import hashlib
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from data import manifest_csv, shards, split
from data.decisions import Decisions, Picture
from data.decisions_csv import EXCLUDE
from data.errors import DataError
from data.fingerprint import scan
from data.picture import (
    SPLITS,
    TEST,
    UNREADABLE_REASON,
    Candidate,
    Excluded,
    Exclusion,
    Fingerprint,
    Row,
    summed_up,
)
from data.source import Source
from service.artifact import ALL_LABELS, LABELS

# Below this no part can say anything; a useful model wants some hundreds of each.
MIN_PICTURES = 10

_MENDED = {  # how files that don't count come to; of copies one counts already
    Exclusion.UNREADABLE: "Mend or replace those that cannot be read",
    Exclusion.CONFLICT: "Keep each picture under its right label alone",
    Exclusion.DECIDED: "Add pictures, or leave fewer out",
}


@dataclass(frozen=True)
class Manifest:
    """Rows and excluded files, each in the order of paths."""

    rows: tuple[Row, ...]
    excluded: tuple[Excluded, ...] = ()

    @property
    def digest(self) -> str:
        """sha256 over the sorted lines `sha256,label,split`: names and places don't count."""
        lines = sorted(f"{row.sha256},{row.label},{row.split}" for row in self.rows)
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()

    @property
    def counts(self) -> dict[str, dict[str, int]]:
        """split -> label -> number of pictures."""
        count = Counter((row.split, row.label) for row in self.rows)
        return {s: {label: count[s, label] for label in ALL_LABELS} for s in SPLITS}

    def part(self, split: str, labels: Sequence[str] = LABELS) -> tuple[Row, ...]:
        """The rows of one part: cats and dogs, unless other labels are asked for."""
        return tuple(row for row in self.rows if row.split == split and row.label in labels)

    def check(self) -> None:
        """See that every picture is still there, before hours of training find out.

        Raises:
            DataError: some are gone.
        """
        files = {shards.file_of(row.path) for row in self.rows}
        missing = {file for file in files if not file.is_file()}
        gone = [row.path for row in self.rows if shards.file_of(row.path) in missing]
        if gone:
            raise DataError(
                f"{len(gone)} of the manifest's {len(self.rows)} pictures are gone, the first "
                f"is {gone[0]}. Put them back, or build the manifest again."
            )

    def save(self, path: Path) -> None:
        """Write it as CSV; a file of that name is replaced in one step.

        Raises:
            DataError: the file cannot be written.
        """
        manifest_csv.write(path, self.rows, self.excluded)

    @classmethod
    def load(cls, path: Path) -> "Manifest":
        """Read what `save` wrote. Pictures are not looked at; see `check`.

        Raises:
            DataError: there is no such file, or it is no manifest.
        """
        return cls(*manifest_csv.read(path))


def build(
    source: Source,
    previous: Manifest | None = None,
    fractions: split.Fractions | None = None,
    decisions: Decisions | None = None,
) -> Manifest:
    """Scan a source's files and decide which count and where they belong.

    Args:
        previous: the manifest of an earlier state of the same pictures: they keep their
            sides, and near duplicates of them join them.
        fractions: of test and val; 0.15 each by default.
        decisions: what people decided of some of the pictures. Whatever they leave out
            or relabel, all keep the sides that they would have without.
    Returns:
        of shards, the manifest that they were made of: all was decided then.
    Raises:
        DataError: too few cats or dogs, a part without one of them, files that are there
            and cannot be read, or decisions that cannot be meant for these pictures.
    """
    if source.shards is not None:
        return _of_shards(source.shards, decisions)
    readable, unreadable = _read(source)
    decisions = decisions or Decisions()
    _require_reached(source, unreadable, decisions)
    decided = decisions.apply(readable, unreadable, source.name)
    distinct, repeated = _distinct(decided.kept)
    _require_enough(source, distinct, [*unreadable, *repeated, *decided.excluded])

    fractions = fractions or split.Fractions()
    rows = list(previous.rows) if previous else []
    rows += _sides_of(decided.left_out, distinct, rows, fractions)
    assignment = split.assign(distinct, rows, fractions)
    leaking = [
        _left_out((c, f), Exclusion.LEAK, *assignment.leaks[f.sha256])
        for c, f in distinct
        if f.sha256 in assignment.leaks
    ]
    kept = [
        _row(c, f, assignment.sides[f.sha256]) for c, f in distinct if f.sha256 in assignment.sides
    ]
    return _in_order(kept, [*unreadable, *repeated, *leaking, *decided.excluded])


def unsplit(source: Source) -> Manifest:
    """Which of a source's files count where nothing is trained: all of them as test pictures.

    Few pictures will do, and near duplicates may be what there is.
    """
    if source.shards is not None:
        return _of_shards(source.shards, None)
    readable, unreadable = _read(source)
    distinct, repeated = _distinct(readable)
    return _in_order([_row(c, f, TEST) for c, f in distinct], [*unreadable, *repeated])


def read_bytes(row: Row) -> bytes:
    """The bytes of a row's picture, which are those that the manifest was built from.

    Raises:
        DataError: the file is gone or has changed.
    """
    try:
        data = shards.read(row.path)
    except OSError as exc:
        raise DataError(
            f"{row.path} is in the manifest but cannot be read ({exc.strerror}). "
            "Put it back, or build the manifest again."
        ) from exc
    if hashlib.sha256(data).hexdigest() != row.sha256:
        raise DataError(
            f"{row.path} has changed since the manifest was built. "
            "Restore it, or build the manifest again."
        )
    return data


def _read(source: Source) -> tuple[list[Picture], list[Excluded]]:
    """The files of a source: those that are pictures, and those that are not.

    Says what else lies there, which may be pictures that were meant.
    """
    if source.unused:
        used = ", ".join(f"{label}/" for label in ALL_LABELS)
        print(
            f"Not used: {source.unused}. Used are {used} and files whose names begin so.",
            file=sys.stderr,
            flush=True,
        )
    scanned = scan([candidate.path for candidate in source.candidates])
    results = list(zip(source.candidates, scanned, strict=True))
    readable = [(c, result) for c, result in results if isinstance(result, Fingerprint)]
    return readable, [result for _, result in results if isinstance(result, Excluded)]


def _in_order(rows: Sequence[Row], excluded: Sequence[Excluded]) -> Manifest:
    return Manifest(
        tuple(sorted(rows, key=lambda row: row.path)),
        tuple(sorted(excluded, key=lambda file: file.path)),
    )


def _of_shards(folder: Path, decisions: Decisions | None) -> Manifest:
    if decisions is not None and decisions.all:
        raise DataError(
            f"{folder} holds shards, in which labels and parts are settled. Make a manifest of the "
            "pictures with these decisions, and write the shards of that: docs/distributed.md."
        )
    return Manifest(shards.rows(folder))


def _sides_of(
    left_out: Sequence[Picture],
    distinct: Sequence[Picture],
    previous: Sequence[Row],
    fractions: split.Fractions,
) -> list[Row]:
    """Rows of the pictures that are left out, on the sides that they would have.

    They draw their near duplicates to these sides as if they were still there. Those
    of a part that the source fixes draw none: the part is no longer shown by them.
    """
    known = {f.sha256 for _, f in distinct} | {row.sha256 for row in previous}
    gone = {f.sha256: (c, f) for c, f in left_out if c.split is None and f.sha256 not in known}
    if not gone:
        return []
    sides = split.assign([*distinct, *gone.values()], previous, fractions).sides
    return [_row(c, f, sides[f.sha256]) for c, f in gone.values() if f.sha256 in sides]


def _row(candidate: Candidate, fingerprint: Fingerprint, side: str) -> Row:
    f = fingerprint
    return Row(candidate.path, candidate.label, side, f.sha256, f.phash, f.width, f.height)


def _distinct(pictures: Sequence[Picture]) -> tuple[list[Picture], list[Excluded]]:
    """Keep one file of each content, and none of a content with two labels."""
    files: dict[str, list[Picture]] = {}
    for candidate, fingerprint in pictures:
        files.setdefault(fingerprint.sha256, []).append((candidate, fingerprint))
    kept, excluded = [], []
    for same in files.values():
        # A file that its source puts in a part goes before one that it doesn't.
        first, *others = sorted(same, key=lambda cf: (cf[0].split is None, cf[0].path))
        other_label = next((c for c, _ in others if c.label != first[0].label), None)
        if other_label is not None:
            reason = (
                f"label conflict: the same picture is a {first[0].label} as {first[0].path} "
                f"and a {other_label.label} as {other_label.path}"
            )
            excluded += [_left_out(picture, Exclusion.CONFLICT, reason) for picture in same]
        else:
            kept.append(first)
            kind, other = Exclusion.DUPLICATE, first[0].path
            excluded += [_left_out(copy, kind, f"duplicate of {other}", other) for copy in others]
    return kept, excluded


def _left_out(
    picture: Picture, kind: Exclusion, reason: str, other: Path | None = None
) -> Excluded:
    candidate, fingerprint = picture
    return Excluded(candidate.path, reason, kind, fingerprint.sha256, other)


def _require_reached(source: Source, unreadable: Sequence[Excluded], decisions: Decisions) -> None:
    """See that no picture is lost because a drive or its permissions fail at the moment.

    A run keeps its manifest for good. For who can neither mend nor move a file, as on a
    read-only medium, a decision by its path leaves it out.
    """
    unreached = [
        file
        for file in unreadable
        if file.kind is Exclusion.UNREACHABLE
        and all(decision.verdict != EXCLUDE for decision in decisions.of(file.path, ""))
    ]
    if unreached:
        first, *_ = unreached
        raise DataError(
            f"{len(unreached)} files of {source.name} could not be read, the first is "
            f"{first.path}: {first.reason.removeprefix(UNREADABLE_REASON)}. Make them readable "
            "or move them away, and try again; or, for `make train` and `make audit`, list their "
            "paths in a file for EXCLUDE= (docs/audit.md)."
        )


def _require_enough(
    source: Source, pictures: Sequence[Picture], excluded: Sequence[Excluded]
) -> None:
    count = Counter(candidate.label for candidate, _ in pictures)
    if all(count[label] >= MIN_PICTURES for label in LABELS):
        return
    have = " and ".join(f"{count[label]} of {label}" for label in LABELS)
    but = f" ({summed_up(excluded)})" if excluded else ""
    raise DataError(
        f"Too few pictures in {source.name}: {have} can be read and are distinct{but}; "
        f"at least {MIN_PICTURES} of each are needed. {_what_to_do(excluded)}"
    )


def _what_to_do(excluded: Sequence[Excluded]) -> str:
    """For more pictures to count: what the commonest reason asks for, and its first file."""
    kinds = Counter(file.kind for file in excluded if file.kind in _MENDED)
    if not kinds:
        return "Add pictures."
    ((kind, _),) = kinds.most_common(1)
    first = next(file for file in excluded if file.kind is kind)
    reason = first.reason.removeprefix(UNREADABLE_REASON)
    return f"{_MENDED[kind]}; the first is {first.path}: {reason}"
