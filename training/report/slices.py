"""Accuracy of dark and bright, small and large, blurred and sharp pictures."""

import numpy as np

from service.artifact import LABELS, Calibration, Interval, StrictModel
from training.judging import share
from training.report.examination import Examined

SLICES = 5


class Slice(StrictModel):
    """The pictures whose value is from `low` to `high`, both included."""

    low: float
    high: float
    accuracy: Interval


class Sliced(StrictModel):
    """All cats and dogs by one property.

    unit: what its values are measured in.
    digits: decimals worth showing.
    """

    name: str
    unit: str
    digits: int
    slices: list[Slice]


def slices(examined: Examined, calibration: Calibration) -> list[Sliced]:
    """Cats and dogs in slices of about equal count; counted as the card's accuracy is.

    `neither` answered for a cat or a dog is wrong, so that the slices' mean over pictures
    is the accuracy of the whole.
    """
    judged = examined.judged
    is_pet = np.array([row.label in LABELS for row in judged.rows])
    is_right = judged.correct(calibration)
    sharp_digits = 0 if examined.sharpness.max() >= 100 else 2  # of 32 pixels it is under 10
    properties = (
        ("brightness", "share of white", 2, examined.brightness),
        ("size", "pixels on the shorter side", 0, examined.side),
        ("sharpness", "variance of the Laplacian", sharp_digits, examined.sharpness),
    )
    return [
        Sliced(
            name=name, unit=unit, digits=digits, slices=_slices(values[is_pet], is_right[is_pet])
        )
        for name, unit, digits, values in properties
    ]


def _slices(values: np.ndarray, is_right: np.ndarray) -> list[Slice]:
    """Cut at quantiles; equal values stay together, so that there may be fewer slices."""
    cuts = np.quantile(values, np.arange(1, SLICES) / SLICES)
    place = np.searchsorted(cuts, values, side="left")
    return [
        Slice(
            low=float(values[place == i].min()),
            high=float(values[place == i].max()),
            accuracy=share(is_right[place == i]),
        )
        for i in np.unique(place)
    ]
