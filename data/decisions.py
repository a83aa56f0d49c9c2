"""What people decided of pictures: which to leave out, and which are of another label."""

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

from data import decisions_csv
from data.decisions_csv import EXCLUDE, Decision
from data.errors import DataError
from data.picture import Candidate, Excluded, Exclusion, Fingerprint
from service.artifact import ALL_LABELS

Picture = tuple[Candidate, Fingerprint]
Key = str | tuple[str, ...]  # a sha256, or the last parts of a path


@dataclass(frozen=True)
class Applied:
    """Pictures after the decisions on them, in the order they had.

    kept: with the label that was decided, where one was.
    left_out: those that count no longer.
    excluded: one for each of `left_out`, with the file that said so.
    """

    kept: list[Picture]
    left_out: list[Picture]
    excluded: list[Excluded]


@dataclass(frozen=True)
class Decisions:
    """Decisions on pictures, found by content where they name a sha256, else by path.

    A path is found by its last parts: `cat/12.jpg` means that file in any folder, and
    an absolute path only itself, whichever links lead to its folder.
    """

    all: tuple[Decision, ...] = ()
    _by_key: Mapping[Key, tuple[Decision, ...]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        by_key: dict[Key, tuple[Decision, ...]] = {}
        for decision in self.all:
            path = Path(decision.path)
            keys: set[Key] = {decision.sha256 or path.parts}
            if not decision.sha256 and path.is_absolute():
                keys.add(_unlinked(path).parts)
            for key in keys:
                by_key[key] = (*by_key.get(key, ()), decision)
        object.__setattr__(self, "_by_key", by_key)

    @classmethod
    def read(cls, exclude: Path | None = None, relabel: Path | None = None) -> "Decisions":
        """Read one file or two; the same may be given as both. docs/audit.md has the format.

        Raises:
            DataError: a file cannot be read, or a line of it makes no sense.
        """
        excluding = decisions_csv.read_exclusions(exclude) if exclude else []
        relabelling = decisions_csv.read_labels(relabel) if relabel else []
        return cls(tuple(dict.fromkeys([*excluding, *relabelling])))

    def of(self, path: Path, sha256: str) -> list[Decision]:
        """All decisions on one picture."""
        found = (d for key in _keys(path, sha256) for d in self._by_key.get(key, ()))
        return list(dict.fromkeys(found))

    def apply(
        self, pictures: Sequence[Picture], unreadable: Sequence[Excluded], source: str
    ) -> Applied:
        """Leave out and relabel. To leave a picture out goes before any label of it.

        A label that was decided by path holds for exact copies of the picture too, unless
        something was decided on them: or the two would have two labels, and neither count.

        Args:
            unreadable: files that don't count anyway; a decision on one is no mistake.
            source: its name, for messages.
        Raises:
            DataError: a picture got two labels, a path means two pictures, or nothing
                that was decided is of these pictures.
        """
        applied = Applied([], [], [])
        used: dict[Decision, dict[str, Path]] = {}  # the pictures it is of, by their sha256
        decided: dict[str, str] = {}  # sha256 -> label
        undecided: list[int] = []  # places in `applied.kept`
        for file in unreadable:
            for decision in self.of(file.path, ""):
                used.setdefault(decision, {})[""] = file.path
        for candidate, fingerprint in pictures:
            decisions = self.of(candidate.path, fingerprint.sha256)
            for decision in decisions:
                used.setdefault(decision, {}).setdefault(fingerprint.sha256, candidate.path)
            exclusion = next((d for d in decisions if d.verdict == EXCLUDE), None)
            if exclusion:
                applied.left_out.append((candidate, fingerprint))
                reason = f"excluded by {exclusion.file.name}"
                applied.excluded.append(
                    Excluded(candidate.path, reason, Exclusion.DECIDED, fingerprint.sha256)
                )
            else:
                label = _label(candidate, decisions)
                if any(d.verdict in ALL_LABELS for d in decisions):
                    decided.setdefault(fingerprint.sha256, label)
                if not decisions:
                    undecided.append(len(applied.kept))
                applied.kept.append((replace(candidate, label=label), fingerprint))
        for i in undecided:
            candidate, fingerprint = applied.kept[i]
            label = decided.get(fingerprint.sha256, candidate.label)
            applied.kept[i] = (replace(candidate, label=label), fingerprint)
        self._require_sense(used, source)
        return applied

    def _require_sense(self, used: Mapping[Decision, Mapping[str, Path]], source: str) -> None:
        unused = [decision for decision in self.all if decision not in used]
        if unused and not used:
            raise DataError(
                f"None of the {len(unused)} decisions in {_names(unused)} is of a picture of "
                f"{source}; the first is {unused[0]}. They are matched by sha256, or by path "
                "where there is none. Give the file that was made from these pictures."
            )
        for decision, paths in used.items():
            if not decision.sha256 and len(paths) > 1:
                one, other, *_ = paths.values()
                raise DataError(
                    f"{decision} means several pictures of {source}: {one} and {other}. "
                    "Write more of the path, or the sha256."
                )
        if unused:  # usual where pictures were deleted since, and a slip of the pen elsewhere
            print(
                f"{len(unused)} of {len(self.all)} decisions are of no picture of {source}; "
                f"the first is {unused[0]}",
                file=sys.stderr,
                flush=True,
            )


def _keys(path: Path, sha256: str) -> Iterator[Key]:
    yield sha256
    parts = path.parts
    yield from (parts[i:] for i in range(len(parts)))
    yield _unlinked(path).parts


def _unlinked(path: Path) -> Path:
    """The same file in the folder that it really lies in; a link to a file stays one.

    `make train` names pictures so, and `make audit` as the user does.
    """
    return _real(path.parent) / path.name


@lru_cache(maxsize=1024)  # folders are few, and pictures many
def _real(folder: Path) -> Path:
    try:
        return Path(os.path.realpath(folder))  # which raises nothing where a link leads back
    except ValueError:  # no file system's path
        return folder


def _label(candidate: Candidate, decisions: Sequence[Decision]) -> str:
    named = [d for d in decisions if d.verdict in ALL_LABELS]
    for decision in named[1:]:
        if decision.verdict != named[0].verdict:
            raise DataError(
                f"{candidate.path} cannot be both: {named[0]} says {named[0].verdict}, "
                f"{decision} says {decision.verdict}. Clear one of the two."
            )
    return named[0].verdict if named else candidate.label


def _names(decisions: Sequence[Decision]) -> str:
    return " and ".join(dict.fromkeys(str(d.file) for d in decisions))
