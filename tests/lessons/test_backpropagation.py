"""Hand-written gradients against torch's autograd, finite differences, and pencil and paper."""

from collections.abc import Callable, Iterator
from itertools import pairwise

import numpy as np
import pytest
import torch
from torch.nn import functional

from lessons.backpropagation import layers, page, strokes
from lessons.backpropagation.example import PICTURE, START, there_and_back
from lessons.backpropagation.network import Parameters, backward, forward, loss, step

EXACT = 1e-12  # float64 sums in another order
NEARLY = 1e-8  # central differences of step 1e-5: truncation and rounding, both some 1e-10


def drawn(kernels: int, size: int, side: int) -> tuple[np.ndarray, np.ndarray, Parameters]:
    """Three random pictures, their labels, and a random network: nothing is at a kink."""
    random = np.random.default_rng(100 * kernels + 10 * size + side)
    pooled = kernels * ((side - size + 1) // 2) ** 2
    parameters = Parameters(
        kernels=random.normal(size=(kernels, 1, size, size)),
        biases=random.normal(size=kernels),
        weights=random.normal(size=pooled),
        bias=float(random.normal()),
    )
    return random.normal(size=(3, 1, side, side)), np.array([1.0, 0.0, 1.0]), parameters


def autograd(pictures: np.ndarray, labels: np.ndarray, p: Parameters) -> list[torch.Tensor]:
    """The same network in torch: its loss, then its gradient by pictures and parameters."""
    leaves = [torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in (pictures, *p)]
    x, kernels, biases, weights, bias = leaves
    maps = functional.conv2d(x, kernels, biases)
    pooled = functional.max_pool2d(functional.relu(maps), 2)
    logits = pooled.flatten(1) @ weights + bias
    total = functional.binary_cross_entropy_with_logits(logits, torch.from_numpy(labels))
    total.backward()
    return [total.detach(), *(leaf.grad for leaf in leaves)]


NETWORKS = pytest.mark.parametrize(
    ("kernels", "size", "side"), [(1, 2, 5), (2, 2, 7), (3, 3, 8), (4, 5, 12), (2, 1, 4)]
)


@NETWORKS
def test_every_gradient_is_that_of_autograd(kernels: int, size: int, side: int) -> None:
    pictures, labels, p = drawn(kernels, size, side)
    found = backward(forward(pictures, p), labels, p)
    total, *expected = autograd(pictures, labels, p)
    assert loss(pictures, labels, p) == pytest.approx(total.item(), abs=EXACT)
    ours = (found.pictures, *found.parameters)
    for gradient, theirs in zip(ours, expected, strict=True):
        np.testing.assert_allclose(gradient, theirs.numpy(), rtol=0, atol=EXACT)


def nudged(p: Parameters, by: float) -> Iterator[tuple[str, tuple[int, ...], Parameters]]:
    """Each parameter in turn, moved by so much: its field, its place, all of them."""
    for field, value in p._asdict().items():
        for place in np.ndindex(np.shape(value)):
            moved = np.array(value, dtype=float)
            moved[place] += by
            yield field, place, p._replace(**{field: moved})


@NETWORKS
def test_every_gradient_is_that_of_finite_differences(kernels: int, size: int, side: int) -> None:
    pictures, labels, p = drawn(kernels, size, side)
    gradient = backward(forward(pictures, p), labels, p).parameters._asdict()
    up, down = nudged(p, 1e-5), nudged(p, -1e-5)
    for (field, place, higher), (_, _, lower) in zip(up, down, strict=True):
        slope = (loss(pictures, labels, higher) - loss(pictures, labels, lower)) / 2e-5
        assert np.asarray(gradient[field])[place] == pytest.approx(slope, abs=NEARLY), field


def test_convolution_of_many_channels_has_the_gradients_of_torch() -> None:
    random = np.random.default_rng(7)
    x, kernels = random.normal(size=(2, 3, 6, 7)), random.normal(size=(4, 3, 3, 3))
    biases, gradient = random.normal(size=4), random.normal(size=(2, 4, 4, 5))
    leaves = [torch.tensor(v, requires_grad=True) for v in (x, kernels, biases)]
    maps = functional.conv2d(*leaves)
    np.testing.assert_allclose(layers.convolve(x, kernels, biases), maps.detach(), atol=EXACT)
    maps.backward(torch.from_numpy(gradient))
    for ours, leaf in zip(layers.convolve_back(gradient, x, kernels), leaves, strict=True):
        np.testing.assert_allclose(ours, leaf.grad, atol=EXACT)


def test_of_equals_in_a_pool_the_first_gets_the_gradient_as_in_torch() -> None:
    x = np.random.default_rng(8).integers(0, 2, (2, 3, 6, 8)).astype(float)
    leaf = torch.tensor(x, requires_grad=True)
    pooled = functional.max_pool2d(leaf, 2)
    gradient = np.arange(pooled.numel(), dtype=float).reshape(pooled.shape)
    pooled.backward(torch.from_numpy(gradient))
    np.testing.assert_array_equal(layers.pool(x), pooled.detach())
    np.testing.assert_array_equal(layers.pool_back(gradient, x), leaf.grad)


def test_the_loss_of_a_very_sure_network_is_finite() -> None:
    assert layers.logistic_loss(np.array([800.0]), np.array([0.0])) == 800
    assert layers.logistic_loss(np.array([800.0]), np.array([1.0])) == 0


def test_the_example_is_what_pencil_and_paper_give() -> None:
    trace, gradients = there_and_back()
    maps = [[-1, -5, 1, -1], [-5, 4, 4, -1], [2, 4, -1, -1], [-1, -1, -1, -1]]
    np.testing.assert_allclose(trace.maps[0, 0], np.array(maps) / 10, atol=EXACT)
    np.testing.assert_allclose(trace.pooled[0, 0], [[0.4, 0.4], [0.4, 0]], atol=EXACT)
    # 0.5 * 0.4 - 0.5 * 0.4 + 1 * 0.4; sigmoid(0.4) = 1 / (1 + 0.67032)
    assert trace.logits[0] == pytest.approx(0.4, abs=EXACT)
    assert trace.probabilities[0] == pytest.approx(1 / 1.67032, abs=1e-6)
    wrong_by = 1 / 1.67032 - 1
    by = gradients.parameters
    np.testing.assert_allclose(by.weights, wrong_by * np.array([0.4, 0.4, 0.4, 0]), atol=1e-6)
    # -0.5 a [0 1 / 1 0] at the place above, then 0.5 a + 1 a of [1 0 / 0 0], a = wrong_by
    by_kernel = wrong_by * np.array([[-0.5 + 1, 0.5], [0.5, 0]])
    np.testing.assert_allclose(by.kernels[0, 0], by_kernel, atol=1e-6)
    assert by.biases[0] == pytest.approx(wrong_by * (0.5 - 0.5 + 1), abs=1e-6)
    assert by.bias == pytest.approx(wrong_by, abs=1e-6)


@pytest.mark.parametrize("make", [lambda: START, lambda: strokes.untrained(2, 6)])
def test_each_of_ten_steps_lowers_the_loss(make: Callable[[], Parameters]) -> None:
    losses = strokes.learn(make(), steps=10, rate=0.5).losses
    assert len(losses) == 11
    assert all(after < before for before, after in pairwise(losses))


def test_a_step_is_against_the_gradient_and_lowers_the_loss_by_its_square() -> None:
    pictures, labels = PICTURE[None, None], np.array([1.0])
    gradient = backward(forward(pictures, START), labels, START).parameters
    square = sum(float(np.sum(np.square(g))) for g in gradient)
    rate = 1e-6
    after = loss(pictures, labels, step(START, gradient, rate))
    assert loss(pictures, labels, START) - after == pytest.approx(rate * square, rel=1e-4)


def test_strokes_are_a_backslash_or_a_slash_at_each_of_16_places() -> None:
    pictures, labels = strokes.strokes()
    assert len({picture.tobytes() for picture in pictures}) == len(labels) == 32
    assert pictures.sum((1, 2, 3)).tolist() == [2] * 32
    first_pixels = [tuple(np.argwhere(picture[0])[0]) for picture in pictures]
    second_pixels = [tuple(np.argwhere(picture[0])[1]) for picture in pictures]
    to_the_right = [b[1] - a[1] for a, b in zip(first_pixels, second_pixels, strict=True)]
    assert to_the_right == [1 if label == strokes.BACKSLASH else -1 for label in labels]


def test_the_kernel_becomes_a_slash_detector_and_the_place_does_not_matter() -> None:
    learned = strokes.learn(START, page.STEPS, rate=1.0)
    (((a, b), (c, d)),) = learned.parameters.kernels[0]
    assert min(b, c) > 5 * max(abs(a), abs(d))
    assert max(b, c) + learned.parameters.biases[0] < 0.1  # one pixel is next to nothing
    assert np.ptp(learned.parameters.weights) < 0.05
    assert learned.right == 1


def test_the_lesson_says_what_it_computes() -> None:
    html = page.lesson().html
    for said in ("= 0.40", "= 0.599", "= 0.513", "= -0.401", "100 %"):
        assert said in html
