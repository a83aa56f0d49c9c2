"""Each implementation against torch's and SciPy's, and the lecture's numbers."""

import numpy as np
import pytest
import torch
from scipy import signal

from lessons import shift, slash, sliding
from lessons.convolution import convolve, correlate
from lessons.weighted_sum import weighted_sum, weighted_sum_loop

RNG = np.random.default_rng(5)


def torch_conv2d(picture: np.ndarray, kernel: np.ndarray, **knobs: int) -> np.ndarray:
    as_batch = (torch.from_numpy(a.astype(float))[None, None] for a in (picture, kernel))
    return torch.nn.functional.conv2d(*as_batch, **knobs)[0, 0].numpy()


@pytest.mark.parametrize("shape", [(1, 1), (3, 3), (7, 5), (64, 64)])
def test_loop_and_vectorized_sum_are_those_of_torch(shape: tuple[int, int]) -> None:
    x, w = RNG.standard_normal((2, *shape))
    expected = torch.dot(torch.from_numpy(x.ravel()), torch.from_numpy(w.ravel())).item()
    assert weighted_sum_loop(x, w) == pytest.approx(expected, abs=1e-9)
    assert weighted_sum(x, w) == pytest.approx(expected, abs=1e-9)


def test_weighted_sum_of_a_view_is_that_of_its_numbers() -> None:
    x = np.arange(36).reshape(6, 6)[::2, 1::2]
    assert weighted_sum(x, x) == (x * x).sum()


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("padding", [0, 1, 2])
@pytest.mark.parametrize("dilation", [1, 2])
@pytest.mark.parametrize("kernel_shape", [(3, 3), (1, 1), (2, 4)])
def test_correlate_is_conv2d_of_torch(
    stride: int, padding: int, dilation: int, kernel_shape: tuple[int, int]
) -> None:
    picture, kernel = RNG.standard_normal((11, 9)), RNG.standard_normal(kernel_shape)
    knobs = {"stride": stride, "padding": padding, "dilation": dilation}
    np.testing.assert_allclose(
        correlate(picture, kernel, **knobs), torch_conv2d(picture, kernel, **knobs), atol=1e-12
    )


def test_correlate_and_convolve_are_those_of_scipy() -> None:
    picture, kernel = RNG.standard_normal((8, 10)), RNG.standard_normal((3, 5))
    for ours, theirs in ((correlate, signal.correlate2d), (convolve, signal.convolve2d)):
        np.testing.assert_allclose(
            ours(picture, kernel), theirs(picture, kernel, "valid"), atol=1e-12
        )
    square = RNG.standard_normal((3, 3))
    for ours, theirs in ((correlate, signal.correlate2d), (convolve, signal.convolve2d)):
        np.testing.assert_allclose(
            ours(picture, square, padding=1), theirs(picture, square, "same"), atol=1e-12
        )


def test_a_kernel_that_does_not_fit_in_is_refused_with_what_to_do() -> None:
    with pytest.raises(ValueError, match=r"reaches over 5 x 5 .* picture of 4 x 4\. Pad more"):
        correlate(np.zeros((4, 4)), np.zeros((3, 3)), dilation=2)


def test_slash_detector_says_4_and_minus_4_and_with_a_flipped_pixel_2_and_minus_2() -> None:
    assert slash.response(slash.BACKSLASH) == 4
    assert slash.response(slash.SLASH) == -4
    for row in (0, 1):
        for column in (0, 1):
            assert slash.response(slash.flipped(slash.BACKSLASH, row, column)) == 2
            assert slash.response(slash.flipped(slash.SLASH, row, column)) == -2


DUMOULIN = np.array(
    [[3, 3, 2, 1, 0], [0, 0, 1, 3, 1], [3, 1, 2, 2, 3], [2, 0, 0, 2, 2], [2, 0, 0, 0, 1]]
)
DUMOULIN_KERNEL = np.array([[0, 1, 2], [2, 2, 0], [0, 1, 2]])


def test_sliding_example_is_that_of_dumoulin_and_visin() -> None:
    assert np.array_equal(sliding.PICTURE, DUMOULIN)
    assert np.array_equal(sliding.KERNEL, DUMOULIN_KERNEL)
    result = [[12, 12, 17], [10, 17, 19], [9, 6, 14]]
    assert correlate(DUMOULIN, DUMOULIN_KERNEL).tolist() == result
    assert torch_conv2d(DUMOULIN, DUMOULIN_KERNEL).tolist() == result


MOVED = np.array(
    [
        [22, 15, 1, 3, 60],
        [42, 5, 38, 39, 7],
        [28, 9, 4, 66, 79],
        [0, 82, 45, 12, 17],
        [99, 14, 72, 51, 3],
    ]
)
CENTRE = np.s_[1:4, 1:4]


def test_the_kernel_that_moves_brings_to_the_centre_what_the_lecture_says() -> None:
    assert np.array_equal(shift.PICTURE, MOVED)
    kernel = np.zeros((5, 5))
    kernel[1, 3] = 1
    result = shift.moved(MOVED, 1, 3)
    assert result[CENTRE].tolist() == [[1, 3, 60], [38, 39, 7], [4, 66, 79]]
    assert np.array_equal(result, torch_conv2d(MOVED, kernel, padding=2))
    assert np.array_equal(result, signal.correlate2d(MOVED, kernel, "same"))


def test_it_moves_down_and_to_the_left_and_zeros_come_in() -> None:
    expected = np.zeros((5, 5))
    expected[1:, :-1] = MOVED[:-1, 1:]
    assert np.array_equal(shift.moved(MOVED, 1, 3), expected)


def test_true_convolution_would_move_it_the_other_way() -> None:
    turned = convolve(MOVED, shift.moving_kernel(1, 3), padding=2)
    expected = np.zeros((5, 5))
    expected[:-1, 1:] = MOVED[1:, :-1]
    assert np.array_equal(turned, expected)
    assert np.array_equal(turned, signal.convolve2d(MOVED, shift.moving_kernel(1, 3), "same"))
    assert not np.array_equal(turned[CENTRE], shift.moved(MOVED, 1, 3)[CENTRE])
