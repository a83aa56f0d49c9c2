"""How well one Gabor filter describes a filter that a network learned."""

from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import NamedTuple

import numpy as np
from scipy.optimize import least_squares

from lessons.gabor import Gabor, gabor

# What may be found: at least two pixels a wave (Nyquist), at most two filters' widths.
WAVELENGTHS_PX = (2.0, 14.0)
SIGMAS_PX = (0.8, 4.0)
TRIED = 4  # of the best on the grid, from which the search goes on


@dataclass(frozen=True)
class Fit:
    """The Gabor filter nearest to a filter.

    amplitude: by which it is multiplied.
    correlation: Pearson's, of the two's weights.
    """

    wave: Gabor
    amplitude: float
    correlation: float


def first_colour(filter_rgb: np.ndarray) -> tuple[np.ndarray, float]:
    """The pattern that explains most of a coloured filter, times one colour.

    Args:
        filter_rgb: (3, k, k).
    Returns:
        (k, k), the first right singular vector times its singular value, light where the filter
        is; and its share of the filter's energy, 0 to 1.
    """
    flat = filter_rgb.reshape(3, -1)
    colours, sizes, patterns = np.linalg.svd(flat, full_matrices=False)
    sign = np.copysign(1, colours[:, 0].sum())  # a singular vector may have either
    pattern = (sign * sizes[0] * patterns[0]).reshape(filter_rgb.shape[1:])
    return pattern, float(sizes[0] ** 2 / (sizes**2).sum())


def fit(pattern: np.ndarray) -> Fit:
    """Least squares over wavelength, angle, sigma; amplitude and phase follow from these.

    amplitude * cos(u + phase) is a sum of a cosine and a sine with two weights, which linear
    least squares finds at once. The search begins at the best places of a grid.

    Args:
        pattern: (k, k), k odd.
    """
    side, target = len(pattern), pattern.ravel()

    def solved(shape: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        basis = _waves(side, shape)
        weights = np.linalg.lstsq(basis, target)[0]
        return weights, basis @ weights

    grid = sorted(_grid(side), key=lambda place: -float(np.square(place.basis.T @ target).sum()))
    bounds = list(zip(WAVELENGTHS_PX, (-np.pi, 2 * np.pi), SIGMAS_PX, strict=True))
    found = [
        least_squares(lambda shape: solved(shape)[1] - target, place.shape, bounds=bounds)
        for place in grid[:TRIED]
    ]
    best = min(found, key=lambda result: result.cost).x
    (cosine, sine), fitted = solved(best)
    wavelength, angle, sigma = map(float, best)
    return Fit(
        wave=Gabor(wavelength, angle, float(np.arctan2(-sine, cosine)), sigma),
        amplitude=float(np.hypot(cosine, sine)),
        correlation=float(np.corrcoef(fitted, target)[0, 1]),
    )


def _waves(side: int, shape: np.ndarray) -> np.ndarray:
    """(side * side, 2): the wave of this (wavelength, angle, sigma) as a cosine and as a sine."""
    wavelength, angle, sigma = shape
    both = [gabor(side, Gabor(wavelength, angle, phase, sigma)) for phase in (0, -np.pi / 2)]
    return np.stack([wave.ravel() for wave in both], axis=1)


class _Place(NamedTuple):
    """A (wavelength, angle, sigma), and an orthonormal basis of its waves of any phase."""

    shape: np.ndarray
    basis: np.ndarray


@cache
def _grid(side: int) -> list[_Place]:
    shapes = product((2.2, 2.7, 3.4, 4.5, 6, 8, 12), np.arange(16) * np.pi / 16, (1, 1.5, 2.2, 3.2))
    return [
        _Place(np.array(shape), np.linalg.qr(_waves(side, np.array(shape)))[0]) for shape in shapes
    ]
