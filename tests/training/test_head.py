import numpy as np
import pytest
import torch
from scipy.optimize import minimize

from training import head


@pytest.fixture
def problem() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features as a ResNet pools them (no negatives), overlapping classes, and a prior."""
    rng = np.random.default_rng(3)
    is_dog = rng.integers(0, 2, 200)
    features = np.abs(rng.normal(0.4 * is_dog[:, None] * np.linspace(0, 1, 12), 1.0, (200, 12)))
    return features, is_dog, rng.normal(0, 0.5, 12)


def tensors(problem: tuple[np.ndarray, ...]) -> tuple[torch.Tensor, ...]:
    return tuple(torch.from_numpy(array) for array in problem)


def gradient(w: np.ndarray, features, is_dog, prior, strength: float, scale: float) -> np.ndarray:
    p = 1 / (1 + np.exp(-features @ w))
    return features.T @ (p - is_dog) + strength * (w - scale * prior)


@pytest.mark.parametrize("strength", [0.1, 100.0])
def test_the_gradient_vanishes_at_the_solution(problem, strength: float) -> None:
    w = head.solve(*tensors(problem), strength=strength, prior_scale=0.2).double().numpy()
    start = gradient(0.2 * problem[2], *problem, strength, 0.2)
    # L-BFGS rests when the loss, some 100, moves by less than 1e-9
    assert np.abs(gradient(w, *problem, strength, 0.2)).max() < 1e-4 * np.abs(start).max()


def test_it_solves_what_scipy_solves(problem) -> None:
    features, is_dog, prior = problem

    def loss(w: np.ndarray) -> float:
        z = features @ w
        return (np.logaddexp(0, z) - is_dog * z).sum() + 5.0 / 2 * ((w - 0.3 * prior) ** 2).sum()

    expected = minimize(loss, np.zeros(12), method="BFGS", options={"gtol": 1e-6}).x
    found = head.solve(*tensors(problem), strength=5.0, prior_scale=0.3)
    np.testing.assert_allclose(found.numpy(), expected, atol=1e-5)


def test_an_endless_strength_returns_the_scaled_prior(problem) -> None:
    found = head.solve(*tensors(problem), strength=1e12, prior_scale=0.2)
    np.testing.assert_allclose(found.numpy(), 0.2 * problem[2], atol=1e-6)


def test_swapping_cats_and_dogs_flips_the_sign_and_nothing_else(problem) -> None:
    features, is_dog, prior = tensors(problem)
    found = head.solve(features, is_dog, prior)
    swapped = head.solve(features, 1 - is_dog, -prior)
    torch.testing.assert_close(swapped, -found, atol=1e-6, rtol=0)


def test_separable_classes_still_have_a_finite_solution() -> None:
    features = torch.tensor([[1.0, 0.0], [0.0, 1.0]]).repeat(20, 1)
    is_dog = torch.tensor([0.0, 1.0]).repeat(20)
    cat, dog = head.solve(features, is_dog, torch.zeros(2), strength=1e-3).tolist()
    assert dog == pytest.approx(-cat, rel=1e-4)
    assert 5 < dog < 20


def test_features_in_half_precision_and_where_gradients_are_off_are_fine(problem) -> None:
    features, is_dog, prior = tensors(problem)
    exact = head.solve(features.bfloat16().double(), is_dog, prior)
    with torch.no_grad():
        found = head.solve(features.bfloat16(), is_dog, prior)
    assert found.dtype == torch.float32
    assert torch.equal(found, exact)
