"""service.expectation, against figures worked out by hand."""

import pytest

from service import expectation
from service.artifact import Interval, Metrics

PART = Interval(value=0.8, low=0.7, high=0.9, n=100)


def metrics(cat: tuple[int, int, int], dog: tuple[int, int, int], other: tuple[int, int, int]):
    """Of counts answered cat, dog, neither, for true cats, dogs and others."""
    labels = ("cat", "dog", "neither")
    rows = dict(zip(labels, (cat, dog, other), strict=True))
    return Metrics(
        part="test",
        accuracy=PART,
        log_loss=0.5,
        calibration_error=0.01,
        confusion={true: dict(zip(labels, row, strict=True)) for true, row in rows.items()},
        turned_away=PART,
    )


def test_confidence_is_that_of_cats_and_dogs_answered_as_such() -> None:
    """80 of 90; the ten turned away, and what happens to other pictures, count for nothing."""
    expected = expectation.of(metrics((45, 5, 0), (5, 35, 10), (7, 3, 40)))
    assert expected is not None
    assert expected.confidence == pytest.approx(80 / 90)


def test_shares_are_of_all_answers() -> None:
    expected = expectation.of(metrics((45, 5, 0), (5, 35, 10), (7, 3, 40)))
    assert expected is not None
    assert expected.shares == pytest.approx({"cat": 57 / 150, "dog": 43 / 150, "neither": 50 / 150})


@pytest.mark.parametrize("test", [None, metrics((0, 0, 9), (0, 0, 9), (0, 0, 0))])
def test_nothing_is_expected_where_nothing_was_measured(test: Metrics | None) -> None:
    assert expectation.of(test) is None
