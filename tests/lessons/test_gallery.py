"""The gallery's kernels are the textbooks', and do what SciPy says they do."""

import numpy as np
import pytest
from scipy import ndimage

from data import starter
from lessons import photograph
from lessons.gallery import KERNELS, Kernel, filtered

BY_NAME = {kernel.name: kernel for kernel in KERNELS}


@pytest.mark.parametrize("kernel", KERNELS, ids=lambda kernel: kernel.name)
def test_filtered_is_what_scipy_makes_of_each_colour(kernel: Kernel) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (9, 12, 3), dtype=np.uint8)
    expected = [
        ndimage.correlate(pixels[:, :, c].astype(float), kernel.values, mode="nearest")
        for c in range(3)
    ]
    rounded = np.dstack(expected).clip(0, 255)
    # Half a grey value either way may be the last bit of a float.
    assert np.abs(filtered(pixels, kernel.values) - rounded).max() < 0.5 + 1e-9


def test_there_are_identity_three_edge_detectors_sharpen_and_three_blurs() -> None:
    assert len(KERNELS) == 8
    edges = [kernel for kernel in KERNELS if kernel.name.startswith("Edges")]
    assert [kernel.values.sum() for kernel in edges] == [0, 0, 0]
    others = [kernel for kernel in KERNELS if kernel not in edges]
    assert [kernel.values.sum() for kernel in others] == pytest.approx([1] * 5)


def test_sharpening_adds_four_times_what_differs_from_the_neighbours_mean() -> None:
    identity = BY_NAME["Identity"].values
    mean = np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]]) / 4
    assert np.array_equal(BY_NAME["Sharpen"].values, identity + 4 * (identity - mean))


def test_identity_changes_nothing() -> None:
    cat = photograph.photograph("cat")
    assert np.array_equal(filtered(cat, BY_NAME["Identity"].values), cat)


@pytest.mark.parametrize("side", [3, 5])
def test_gaussian_is_the_binomial_in_both_directions(side: int) -> None:
    row = np.polynomial.polynomial.polypow([0.5, 0.5], side - 1)
    kernel = BY_NAME[f"Gaussian blur {side} × {side}"]
    np.testing.assert_allclose(kernel.values, np.outer(row, row))


def test_edge_detectors_are_black_where_nothing_changes() -> None:
    plain = np.full((6, 6, 3), 200, np.uint8)
    for name in ("Edges, diagonal", "Edges, four neighbours", "Edges, eight neighbours"):
        assert filtered(plain, BY_NAME[name].values).max() == 0


@pytest.mark.registry
def test_photographs_that_ship_are_those_of_the_starter_set() -> None:
    paths = {f"{c.label}/{c.path.name}": c.path for c in starter.candidates()}
    for label, name in (("cat", "cat/0060.png"), ("dog", "dog/0069.png")):
        shipped = photograph.FOLDER / f"{label}.png"
        assert shipped.read_bytes() == paths[name].read_bytes()
