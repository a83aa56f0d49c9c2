import numpy as np
import pytest

from training import calibration


@pytest.mark.parametrize("true", [0.4, 1.0, 3.0])
def test_the_temperature_that_made_the_labels_is_recovered(true: float) -> None:
    rng = np.random.default_rng(1)
    z = rng.normal(0, 2, 40_000)  # honest log-odds
    labels = (rng.random(40_000) < 1 / (1 + np.exp(-z))).astype(np.int64)
    logits = true * np.stack([-z / 2, z / 2], 1)
    assert calibration.temperature(logits, labels) == pytest.approx(true, rel=0.03)


def test_no_other_temperature_has_a_lower_log_loss() -> None:
    rng = np.random.default_rng(2)
    logits, labels = rng.normal(0, 3, (300, 2)), rng.integers(0, 2, 300)
    found = calibration.log_loss(logits / calibration.temperature(logits, labels), labels)
    grid = [calibration.log_loss(logits / t, labels) for t in np.geomspace(0.05, 20, 400)]
    assert found <= min(grid) + 1e-3  # the prior's share


def test_log_loss_of_known_probabilities() -> None:
    logits = np.log([[0.8, 0.2], [0.5, 0.5], [0.1, 0.9]])
    expected = -(np.log(0.8) + np.log(0.5) + np.log(0.1)) / 3
    assert calibration.log_loss(logits, np.array([0, 1, 0])) == pytest.approx(expected)


def test_the_log_loss_is_the_mean_of_those_of_the_pictures() -> None:
    logits, labels = np.log(np.array([[0.8, 0.2], [0.1, 0.9]], np.float32)), np.array([0, 0])
    losses = calibration.log_losses(logits, labels)
    assert losses.dtype == np.float64
    assert losses == pytest.approx(-np.log([0.8, 0.1]))
    assert calibration.log_loss(logits, labels) == losses.mean()


def test_certain_and_right_is_no_calibration_error() -> None:
    assert calibration.calibration_error(np.ones(50), np.ones(50, bool)) == 0


def test_certain_and_half_right_is_off_by_a_half() -> None:
    is_right = np.arange(60) % 2 == 0
    assert calibration.calibration_error(np.ones(60), is_right) == pytest.approx(0.5)


def test_each_bin_counts_by_its_pictures_and_gaps_do_not_cancel() -> None:
    """Half the answers too sure by 0.3, half not sure enough by 0.1: 0.2, not 0.1."""
    confidence = np.repeat([0.6, 0.9], 10)
    is_right = np.array([True] * 7 + [False] * 3 + [True] * 6 + [False] * 4)
    found = calibration.calibration_error(confidence, is_right, bins=2)
    assert found == pytest.approx((0.1 + 0.3) / 2)


def test_fewer_pictures_than_bins_are_fine() -> None:
    found = calibration.calibration_error(np.array([0.9, 0.8]), np.array([True, False]))
    assert found == pytest.approx((0.1 + 0.8) / 2)


def turned_away(novelty: np.ndarray) -> int:
    return int((novelty > calibration.novelty_threshold(novelty)).sum())


@pytest.mark.parametrize("n", [1, 7, 99, 100, 101, 1234, 20_000])
def test_the_threshold_turns_away_three_in_a_thousand_and_hardly_less(n: int) -> None:
    novelty = (0.9 * np.random.default_rng(n).random(n)).astype(np.float32)
    assert 0.003 * n - 2 < turned_away(novelty) <= 0.003 * n


@pytest.mark.parametrize("n", [1, 7, 99, 100, 101, 1234, 20_000])
def test_of_a_long_tail_no_more_is_turned_away_than_one_in_a_hundred_makes_likely(n: int) -> None:
    novelty = np.random.default_rng(n).random(n).astype(np.float32)
    tail = novelty[: max(2, n // 20)]
    tail[:] = np.linspace(0.995, 0.9999, len(tail))
    random = np.random.default_rng(0)
    samples = random.binomial(n, 0.01, 10_000)  # of those turned away, were it 1 % in truth
    assert np.mean(samples >= turned_away(novelty)) > 0.03
    assert np.mean(samples > turned_away(novelty)) < 0.06


def test_of_pictures_to_come_as_many_are_turned_away_as_meant() -> None:
    """Uniform novelty: what lies over a threshold is 1 minus it, exactly."""
    random = np.random.default_rng(0)
    thresholds = [calibration.novelty_threshold(0.9 * random.random(576)) for _ in range(4000)]
    turned_away_later = 1 - np.mean(thresholds) / 0.9
    assert turned_away_later == pytest.approx(0.003, abs=0.0002)


@pytest.mark.parametrize("n", [1, 10, 21, 45, 332])
def test_few_pictures_do_not_make_their_highest_the_threshold(n: int) -> None:
    """It would turn away one in n + 1."""
    novelty = 0.3 * np.random.default_rng(n).random(n)
    assert calibration.novelty_threshold(novelty) == 0.9


def test_a_short_tail_is_turned_away_at_09_and_no_lower() -> None:
    novelty = np.linspace(0, 0.8, 1000)
    novelty[:6] = 0.995
    assert calibration.novelty_threshold(novelty) == 0.9


def test_pictures_at_the_threshold_stay() -> None:
    novelty = np.full(500, 0.3, np.float32)
    assert not (novelty > calibration.novelty_threshold(novelty)).any()


def test_a_small_part_without_mistakes_does_not_make_every_answer_certain() -> None:
    logits = np.array([[1.0, -1.0], [-1.0, 1.0]] * 4)
    assert calibration.temperature(logits, np.array([0, 1] * 4)) > 0.2
