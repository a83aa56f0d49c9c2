"""Gabor filters: a wave of one direction under a bell.

    gabor(x, y) = exp(-(x^2 + y^2) / (2 sigma^2)) * cos(2 pi u / wavelength + phase)
    u = x cos(angle) + y sin(angle)

In the first visual cortex of cats, Hubel and Wiesel (1959) found cells that answer to edges of one
direction; Daugman (1985) showed that Gabor's function describes them well.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Gabor:
    """Lengths in pixels, angles in radians; x to the right, y down."""

    wavelength: float
    angle: float
    phase: float
    sigma: float


def gabor(side: int, wave: Gabor) -> np.ndarray:
    """(side, side) float64, -1 to 1; side is odd and the middle is (0, 0)."""
    half = side // 2
    y, x = np.mgrid[-half : half + 1, -half : half + 1]
    u = x * np.cos(wave.angle) + y * np.sin(wave.angle)
    bell = np.exp(-(x**2 + y**2) / (2 * wave.sigma**2))
    values: np.ndarray = bell * np.cos(2 * np.pi * u / wave.wavelength + wave.phase)
    return values


def balanced(kernel: np.ndarray) -> np.ndarray:
    """(k, k), without answering to plain grey: weights that add up to 0, their sizes to 1."""
    centred = kernel - kernel.mean()
    scaled: np.ndarray = centred / np.abs(centred).sum()
    return scaled


def bank(wavelengths: tuple[float, ...], angles: int) -> list[Gabor]:
    """Waves of several lengths in evenly spread directions, each two fifths as wide as long."""
    turns = [np.pi * i / angles for i in range(angles)]
    return [Gabor(length, turn, 0.0, 0.4 * length) for length in wavelengths for turn in turns]
