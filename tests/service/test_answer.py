"""service.answer."""

import math

import numpy as np
import pytest

from service.answer import answer, probabilities
from service.artifact import Calibration

CALIBRATION = Calibration(temperature=2, novelty_threshold=0.5)


def test_probabilities_are_the_softmax_of_logits_over_temperature() -> None:
    row = probabilities(np.array([[3.0, 1.0], [0.0, 0.0]]), temperature=2)
    assert row == pytest.approx(np.array([[1 / (1 + math.exp(-1)), 1 / (1 + math.e)], [0.5, 0.5]]))


def test_probabilities_survive_logits_that_exp_would_not() -> None:
    assert probabilities(np.array([5000.0, -5000.0]), 1).tolist() == [1.0, 0.0]


def test_novelty_at_the_threshold_is_still_a_cat() -> None:
    cat = answer(np.array([1.0, 0.0]), 0.5, CALIBRATION, "m")
    assert (cat.label, cat.confidence) == ("cat", cat.probabilities["cat"])


def test_novelty_past_the_threshold_is_neither_and_its_own_confidence() -> None:
    neither = answer(np.array([9.0, 0.0]), 0.51, CALIBRATION, "m")
    assert (neither.label, neither.confidence, neither.novelty) == ("neither", 0.51, 0.51)
    assert neither.probabilities["cat"] > 0.9, "probabilities still speak of cat against dog"


@pytest.mark.parametrize("logit", np.linspace(-9, 9, 37).tolist())
def test_rounded_probabilities_still_sum_to_one_and_confidence_is_one_of_them(logit: float) -> None:
    given = answer(np.array([logit, 0.0]), 0.1, CALIBRATION, "m")
    assert sum(given.probabilities.values()) == pytest.approx(1, abs=1e-12)
    assert given.confidence == pytest.approx(given.probabilities[given.label], abs=1e-9)
