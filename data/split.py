"""Which part a picture belongs to: train, val or test, by its content alone.

A picture keeps its side however its folder grows, is renamed or is moved; near
duplicates are never on two sides, or the test would ask what training has shown.
"""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from data import near
from data.errors import DataError
from data.picture import SPLITS, TEST, TRAIN, VAL, Candidate, Fingerprint, Row
from service.artifact import LABELS


@dataclass(frozen=True)
class Fractions:
    """How much of the pictures goes to test and to val; train gets the rest."""

    test: float = 0.15
    val: float = 0.15

    def __post_init__(self) -> None:
        if not (self.test > 0 and self.val > 0 and self.test + self.val < 1):
            raise DataError(
                f"The fractions are {self.test:g} for test and {self.val:g} for val; each must "
                "be over 0, and their sum under 1, as train gets the rest."
            )


@dataclass(frozen=True)
class Assignment:
    """Every picture, by its sha256, is in one of the two.

    sides: sha256 -> split.
    leaks: sha256 -> why it can be on no side, and one of the pictures that it is near.
    """

    sides: Mapping[str, str]
    leaks: Mapping[str, tuple[str, Path]]


def assign(
    pictures: Sequence[tuple[Candidate, Fingerprint]],
    previous: Sequence[Row],
    fractions: Fractions,
) -> Assignment:
    """Put every picture on a side.

    In this order: a picture stays where its source put it, or else where it was before;
    near duplicates of such a picture join it, unless its part is fixed by the source or
    they are near pictures of two parts; the others go by a hash of their content.

    A group of near duplicates goes by its leader, the one with the smallest sha256. A
    newcomer can be the new leader, so growing data sets should pass `previous`.

    Args:
        pictures: of distinct sha256.
        previous: an earlier manifest's rows. Those no longer among the pictures still
            draw their near duplicates to their side.
    Raises:
        DataError: a part would have no cat or no dog.
    """
    fixed = {f.sha256: c.split for c, f in pictures if c.split is not None}
    decided = {row.sha256: row.split for row in previous} | fixed
    phashes = {row.sha256: row.phash for row in previous}
    phashes |= {f.sha256: f.phash for _, f in pictures}
    paths = {row.sha256: row.path for row in previous} | {f.sha256: c.path for c, f in pictures}
    closed = frozenset(fixed.values())

    sides = {f.sha256: decided[f.sha256] for _, f in pictures if f.sha256 in decided}
    leaks: dict[str, tuple[str, Path]] = {}
    free: list[near.Group] = []
    for group in near.group(phashes, decided):
        touching = sorted(group.touching.items())
        shown = " and ".join(f"{paths[sha256]} ({split})" for split, sha256 in touching)
        if len(touching) > 1:
            reason = f"leak: near duplicates are on different sides, {shown}"
            leaks |= dict.fromkeys(group.members, (reason, paths[touching[-1][1]]))
        elif touching and touching[0][0] in closed:
            reason = f"leak: a near duplicate is in a part that the data set fixes, {shown}"
            leaks |= dict.fromkeys(group.members, (reason, paths[touching[-1][1]]))
        elif touching:
            sides |= dict.fromkeys(group.members, touching[0][0])
        else:
            free.append(group)
            split = _split_at(position(group.members[0]), fractions, closed)
            sides |= dict.fromkeys(group.members, split)
    labels = {f.sha256: c.label for c, f in pictures}
    _fill_empty_parts(sides, labels, free, closed)
    return Assignment(sides, leaks)


def position(sha256: str) -> float:
    """Where in 0 to 1 a leader's content falls.

    Hashed once more, as the smallest of several digests is not evenly distributed.
    """
    digest = hashlib.sha256(f"catdog split {sha256}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def _split_at(place: float, fractions: Fractions, closed: frozenset[str]) -> str:
    test = 0.0 if TEST in closed else fractions.test
    if place < test:
        return TEST
    return VAL if place < test + fractions.val else TRAIN


def _fill_empty_parts(
    sides: dict[str, str],
    labels: Mapping[str, str],
    free: Sequence[near.Group],
    closed: frozenset[str],
) -> None:
    """Give each part a cat and a dog, as few pictures don't always fall on every side.

    The group with the smallest position moves, of those that no part needs to keep.
    """
    count = Counter((split, labels[sha256]) for sha256, split in sides.items())
    by_position = sorted(free, key=lambda group: position(group.members[0]))
    for split in (TEST, VAL, TRAIN):
        for label in LABELS:
            if count[split, label]:
                continue
            for group in by_position if split not in closed else ():
                held = Counter(labels[sha256] for sha256 in group.members)
                donor = sides[group.members[0]]
                if held[label] and all(not held[k] or count[donor, k] > held[k] for k in LABELS):
                    break
            else:
                raise DataError(_empty_part_message(split, label, count))
            sides |= dict.fromkeys(group.members, split)
            for k, n in held.items():
                count[donor, k] -= n
                count[split, k] += n


def _empty_part_message(split: str, label: str, count: Mapping[tuple[str, str], int]) -> str:
    there = ", ".join(f"{count[s, k]} {k} in {s}" for s in SPLITS for k in LABELS)
    return (
        f"Empty split {split!r}: it has no {label}, and no other part has one to spare "
        f"({there}). Every part needs at least one cat and one dog, and near duplicates "
        f"stay together. Add pictures that differ more; or, where the parts that "
        "an earlier run gave them leave none to spare, move that run's folder away."
    )
