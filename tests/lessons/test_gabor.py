"""Gabor filters against OpenCV's, the fit against filters that are known, and what is kept."""

import cv2
import numpy as np
import pytest

from lessons import first_layer
from lessons.first_layer import FITS_FROM, Figures
from lessons.gabor import Gabor, balanced, gabor
from lessons.gabor_fit import first_colour, fit
from lessons.kept import RESULTS
from training import weights

WAVES = [Gabor(4.0, 0.3, 0.0, 1.5), Gabor(6.5, 2.0, 1.2, 2.0), Gabor(3.0, 1.5, -2.0, 2.5)]


@pytest.fixture(scope="module")
def figures() -> Figures:
    return Figures.model_validate_json((RESULTS / "gabor.json").read_text())


@pytest.mark.parametrize("wave", WAVES)
def test_gabor_is_that_of_opencv(wave: Gabor) -> None:
    """OpenCV's runs the other way along both axes: the same as the phase of the other sign."""
    theirs = cv2.getGaborKernel(
        (11, 11), wave.sigma, wave.angle, wave.wavelength, 1.0, -wave.phase, cv2.CV_64F
    )
    np.testing.assert_allclose(gabor(11, wave), theirs, atol=1e-12)


def test_balanced_answers_to_plain_grey_with_nothing() -> None:
    kernel = balanced(gabor(11, WAVES[1]))
    assert kernel.sum() == pytest.approx(0, abs=1e-12)
    assert np.abs(kernel).sum() == pytest.approx(1)


@pytest.mark.parametrize("wave", WAVES)
def test_fit_finds_a_gabor_filter_again(wave: Gabor) -> None:
    pattern = -3 * gabor(7, wave)
    found = fit(pattern)
    assert found.correlation == pytest.approx(1, abs=1e-6)
    np.testing.assert_allclose(found.amplitude * gabor(7, found.wave), pattern, atol=1e-3)
    assert found.wave.wavelength == pytest.approx(wave.wavelength, rel=1e-3)
    assert found.wave.sigma == pytest.approx(wave.sigma, rel=1e-3)


def test_fit_does_not_find_one_in_noise() -> None:
    noise = np.random.default_rng(7).standard_normal((7, 7))
    assert fit(noise).correlation < 0.7


def test_first_colour_of_a_grey_pattern_is_that_pattern() -> None:
    pattern = gabor(7, WAVES[0])
    found, share = first_colour(np.multiply.outer([0.3, 0.6, 0.1], pattern))
    assert share == pytest.approx(1)
    np.testing.assert_allclose(found, pattern * np.linalg.norm([0.3, 0.6, 0.1]), atol=1e-12)


def test_what_is_kept_says_how_many_filters_one_gabor_filter_fits(figures: Figures) -> None:
    """35 of 64 with a correlation over 0.9, and none of as many filters of noise."""
    correlations = []
    for filter_rgb, found in zip(figures.arrays(), figures.fits, strict=True):
        pattern, _ = first_colour(filter_rgb)
        fitted = found.amplitude * gabor(7, found.wave)
        correlations.append(np.corrcoef(fitted.ravel(), pattern.ravel())[0, 1])
    assert correlations == pytest.approx([found.correlation for found in figures.fits], abs=1e-6)
    assert sum(r > FITS_FROM for r in correlations) == figures.n_fitted == 35
    assert len(figures.noise) == 64
    assert max(figures.noise) < 0.6


@pytest.mark.registry
def test_the_filters_that_are_kept_are_those_of_the_trained_network(figures: Figures) -> None:
    state = weights.load("resnet50", "npm").state
    assert np.array_equal(figures.arrays(), state["conv1.weight"].numpy())


def test_a_few_fits_made_anew_are_those_that_are_kept(figures: Figures) -> None:
    for i in (0, 1, 52):
        pattern, _ = first_colour(figures.arrays()[i])
        assert fit(pattern).correlation == pytest.approx(figures.fits[i].correlation, abs=0.01)


def test_the_bank_answers_where_its_stripes_are() -> None:
    """Upright stripes of 4 pixels: the wave of angle 0 sees them, that of 90 degrees does not."""
    stripes = np.tile(np.where(np.arange(40) % 4 < 2, 255.0, 0.0), (40, 1))
    contrast = {
        round(np.degrees(wave.angle)): np.ptp(first_layer.answer(stripes, wave)[10:30, 10:30])
        for wave in first_layer.BANK
        if wave.wavelength == 4
    }
    assert contrast[0] > 100
    assert contrast[90] < contrast[0] / 20
