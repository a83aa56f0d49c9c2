import hashlib
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from data import split
from data.errors import DataError
from data.picture import Candidate, Fingerprint, Row
from data.split import Fractions, assign

Picture = tuple[Candidate, Fingerprint]


def picture(name: str, label: str, phash: str = "", fixed: str | None = None) -> Picture:
    sha256 = hashlib.sha256(name.encode()).hexdigest()
    return Candidate(Path(name), label, fixed), Fingerprint(sha256, phash, 64, 48)


def many(count: int, start: int = 0) -> list[Picture]:
    return [picture(f"{k}{i}", k) for k in ("cat", "dog") for i in range(start, start + count)]


def row(of: Picture, side: str) -> Row:
    candidate, f = of
    return Row(candidate.path, candidate.label, side, f.sha256, f.phash, f.width, f.height)


def sides_of(pictures: list[Picture], previous: list[Row] | None = None) -> dict[str, str]:
    """File name -> split, or `leak: ...`."""
    assignment = assign(pictures, previous or [], Fractions())
    decisions = assignment.sides | {sha256: why for sha256, (why, _) in assignment.leaks.items()}
    return {str(c.path): decisions[f.sha256] for c, f in pictures}


def test_fractions_are_met_within_chance():
    sides = Counter(sides_of(many(5000)).values())
    # Four standard deviations of a binomial count: 4 * sqrt(10,000 * 0.15 * 0.85) = 143.
    assert sides["test"] == pytest.approx(1500, abs=143)
    assert sides["val"] == pytest.approx(1500, abs=143)


def test_the_fraction_of_each_part_is_its_own():
    assignment = assign(many(5000), [], Fractions(test=0.05, val=0.3))
    sides = Counter(assignment.sides.values())
    # Four standard deviations again: 87 and 183.
    assert sides["test"] == pytest.approx(500, abs=87)
    assert sides["val"] == pytest.approx(3000, abs=183)


def test_large_groups_are_not_drawn_to_one_side():
    # The smallest of 20 digests is always low: the side must come from a hash of it.
    pictures = [
        picture(f"{i}-{k}", "cat" if i % 2 else "dog", f"{i * 0x9E3779B97F4A7C15 % 2**64:016x}")
        for i in range(500)
        for k in range(20)
    ]
    sides = Counter(sides_of(pictures).values())
    assert sides["test"] / 10_000 == pytest.approx(0.15, abs=0.07)


def test_growth_moves_nothing():
    before, after = sides_of(many(200)), sides_of(many(200, start=200) + many(200))
    assert {name: after[name] for name in before} == before


def test_labels_and_order_decide_nothing():
    pictures = many(200)
    swapped = [(Candidate(c.path, "dog" if c.label == "cat" else "cat"), f) for c, f in pictures]
    assert sides_of(swapped[::-1]) == sides_of(pictures)


@pytest.mark.parametrize("seed", range(20))
def test_every_part_of_a_tiny_set_has_both_classes(seed):
    pictures = [picture(f"{seed}/{k}{i}", k) for k in ("cat", "dog") for i in range(10)]
    sides = sides_of(pictures)
    assert len({(sides[str(c.path)], c.label) for c, _ in pictures}) == 6


def test_filling_a_part_empties_no_other():
    pictures = [picture(f"{k}{i}", k) for k in ("cat", "dog") for i in range(3)]
    sides = sides_of(pictures)
    assert sorted(sides[f"cat{i}"] for i in range(3)) == ["test", "train", "val"]
    assert sorted(sides[f"dog{i}"] for i in range(3)) == ["test", "train", "val"]


def test_a_class_that_is_one_group_of_near_duplicates_cannot_fill_three_parts():
    burst = [picture(f"cat{i}", "cat", "00000000ffffffff") for i in range(20)]
    dogs = [picture(f"dog{i}", "dog") for i in range(20)]
    with pytest.raises(DataError, match=r"Empty split .*: it has no cat.*Add pictures"):
        sides_of(burst + dogs)


def test_neither_fills_no_part_and_is_split_all_the_same():
    others = [picture(f"neither{i}", "neither") for i in range(200)]
    sides = sides_of(many(50) + others)
    assert {sides[str(c.path)] for c, _ in others} == {"train", "val", "test"}


def test_what_was_there_before_keeps_its_side():
    pictures = many(100)
    previous = [row(p, "test") for p in pictures[:30]]
    sides = sides_of(pictures, previous)
    assert {sides[str(c.path)] for c, _ in pictures[:30]} == {"test"}


@pytest.mark.parametrize("side", ["train", "val", "test"])
def test_a_newcomer_joins_the_side_of_its_near_duplicate_even_if_that_one_is_gone(side):
    gone = row(picture("old", "cat", "00000000ffffffff"), side)
    newcomer = picture("new", "cat", "00000000fffffff0")
    assert sides_of([*many(50), newcomer], [gone])["new"] == side


def test_newcomers_follow_each_other_to_the_side_of_one_of_them():
    old = row(picture("old", "cat", f"{0:016x}"), "test")
    chain = [picture(f"new{i}", "cat", f"{(1 << 8 * i) - 1:016x}") for i in range(1, 7)]
    sides = sides_of([*many(50), *chain], [old])
    assert {sides[f"new{i}"] for i in range(1, 7)} == {"test"}


def test_a_newcomer_near_two_sides_is_on_neither():
    left = row(picture("left", "cat", "0000000000000000"), "train")
    right = row(picture("right", "cat", "000000000000ffff"), "test")
    between = picture("between", "cat", "00000000000000ff")
    sides = sides_of([*many(50), between], [left, right])
    assert sides["between"].startswith("leak: ")
    assert "right (test)" in sides["between"]
    assert "left (train)" in sides["between"]


def test_a_fixed_test_part_gains_and_loses_nothing_and_near_duplicates_of_it_are_out():
    fixed = [picture(f"{k}-t{i}", k, fixed="test") for k in ("cat", "dog") for i in range(20)]
    fixed.append(picture("shown", "dog", "00000000ffffffff", fixed="test"))
    twin = picture("twin", "dog", "00000000fffffff0")
    sides = sides_of([*many(200), *fixed, twin])
    assert {name for name, side in sides.items() if side == "test"} == {
        str(c.path) for c, _ in fixed
    }
    assert sides["twin"].startswith("leak: a near duplicate is in a part that the data set fixes")


def test_a_fixed_part_without_dogs_is_not_filled_from_the_others():
    fixed = [picture(f"cat-t{i}", "cat", fixed="test") for i in range(20)]
    with pytest.raises(DataError, match="Empty split 'test': it has no dog"):
        sides_of([*many(50), *fixed])


@pytest.mark.parametrize(
    ("test", "val"), [(0, 0.1), (0.1, 0), (0.5, 0.5), (np.nan, 0.1), (-1, 0.1)]
)
def test_fractions_that_leave_a_part_empty_are_refused(test, val):
    with pytest.raises(DataError, match=r"The fractions are .* each must be over 0"):
        split.Fractions(test, val)


def test_the_part_that_a_source_fixes_goes_before_an_earlier_one() -> None:
    moved = picture("moved", "cat", fixed="test")
    others = [picture(f"{k}-t{i}", k, fixed="test") for k in ("cat", "dog") for i in range(5)]
    assert sides_of([*many(50), *others, moved], [row(moved, "train")])["moved"] == "test"
