"""Fewer of many: whatever the number, the end is there as the beginning is."""

from itertools import pairwise

import pytest

from data.thinning import evenly


def test_few_are_all_kept() -> None:
    assert list(evenly(range(9), 10)) == list(range(9))
    assert list(evenly(range(10), 10)) == list(range(10))
    assert list(evenly((), 10)) == []


def test_the_first_and_the_last_are_among_them() -> None:
    assert list(evenly(range(10), 4)) == [0, 3, 6, 9]
    assert list(evenly(range(10), 1)) == [0]


@pytest.mark.parametrize("count", [301, 400, 599, 600, 1346, 100_001])
def test_of_cats_and_then_as_many_dogs_as_many_of_each_are_kept(count: int) -> None:
    kept = evenly(["cat"] * (count // 2) + ["dog"] * (count - count // 2), 300)
    assert len(kept) == 300
    assert abs(kept.count("cat") - kept.count("dog")) <= 2


@pytest.mark.parametrize("count", [11, 25, 1000])
def test_they_lie_evenly(count: int) -> None:
    kept = list(evenly(range(count), 10))
    gaps = {b - a for a, b in pairwise(kept)}
    assert len(kept) == 10
    assert max(gaps) - min(gaps) <= 1
