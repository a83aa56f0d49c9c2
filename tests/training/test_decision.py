"""The rule: who may replace the champion. For its odds see test_decision_luck.py."""

import numpy as np
import pytest

from tests.training.comparisons import NONE, SAME, Cost, against, outcomes
from training.comparison import Figures
from training.decision import LEAST_FOR_FIRST, Decision, decide, first_decision
from training.judging import interval


def contest(
    won: int,
    lost: int,
    n: int = 400,
    ours: Cost = SAME,
    rejected: tuple[np.ndarray, np.ndarray] = (NONE, NONE),
) -> Decision:
    """Both have all right, less what the other wins."""
    a, b = np.ones(n, bool), np.ones(n, bool)
    a[:lost], b[lost : lost + won] = False, False
    return decide(against(a, b, ours, rejected))


def test_a_clearly_better_model_is_promoted_with_its_figures() -> None:
    decision = contest(won=8, lost=1)
    assert decision == Decision(
        True,
        "Promoted, being better: 99.75% right against 98.00% of catdog:old on the same 400 test "
        "pictures, 8 that only the new one has right against 1 (exact McNemar p = 0.02, "
        "one-sided; difference +1.75 points, 95 % interval +0.50 to +3.25).",
    )


@pytest.mark.parametrize(("won", "lost"), [(5, 0), (7, 1), (9, 2), (10, 3), (12, 4)])
def test_better_means_that_luck_explains_it_at_most_once_in_twenty(won: int, lost: int) -> None:
    assert contest(won, lost).is_promoted
    decision = contest(won - 1, lost)
    assert not decision.is_promoted
    assert decision.reason.startswith("Refused, being no better, neither faster nor smaller: ")
    assert decision.reason.endswith("; catdog:old stays in service.")


def test_a_worse_model_is_refused_however_fast_and_small() -> None:
    decision = contest(won=1, lost=8, ours=(1000.0, 10))
    assert not decision.is_promoted
    assert decision.reason.startswith("Refused, being worse: 98.00% right against 99.75%")


def test_an_equal_model_is_refused() -> None:
    decision = contest(won=0, lost=0)
    assert not decision.is_promoted
    assert "100 pictures a second against 100, 0.0 MB against 0.0" in decision.reason


@pytest.mark.parametrize(
    ("ours", "gain"),
    [
        ((127.0, 1000), "faster"),
        ((100.0, 800), "smaller"),
        ((200.0, 1250), "faster"),
        ((80.0, 500), "smaller"),
        ((125.0, 1000), None),  # not in three of four turns
        ((100.0, 801), None),
        ((200.0, 1300), None),  # at the expense of size
        ((79.0, 500), None),  # at the expense of speed
    ],
)
def test_an_equal_model_is_promoted_only_if_faster_or_smaller(ours: Cost, gain: str | None) -> None:
    decision = contest(won=1, lost=1, ours=ours)
    assert decision.is_promoted == (gain is not None)
    if gain:
        assert decision.reason.startswith(f"Promoted, being no worse and {gain}: 99.75% right")


def test_a_smaller_model_may_not_lose_more_than_the_margin_so_far_as_is_known() -> None:
    """Of 400, where the bootstrap's interval of one lost alone would let it pass."""
    assert contest(won=0, lost=0, ours=(100.0, 500)).is_promoted
    assert contest(won=0, lost=1, n=585, ours=(100.0, 500)).is_promoted
    decision = contest(won=0, lost=1, ours=(100.0, 500))
    assert not decision.is_promoted
    assert decision.reason.startswith("Refused, being smaller but perhaps worse: ")
    assert "where a loss of 1 point must be ruled out" in decision.reason


def test_a_smaller_model_may_not_be_clearly_worse_though_within_the_margin() -> None:
    """On 4,000 pictures a loss can be small and certain."""
    decision = contest(won=5, lost=20, n=4000, ours=(100.0, 500))
    assert not decision.is_promoted
    assert decision.reason.startswith("Refused, being worse")


def test_too_few_pictures_cannot_show_that_a_smaller_model_is_no_worse() -> None:
    """Without a single difference the bootstrap's interval has no width."""
    assert contest(won=0, lost=0, n=300, ours=(100.0, 500)).is_promoted
    decision = contest(won=0, lost=0, n=299, ours=(100.0, 500))
    assert not decision.is_promoted
    assert "fewer than 300 pictures cannot rule out a real loss" in decision.reason


def test_under_ten_of_a_label_nothing_is_promoted() -> None:
    better = against(outcomes(29, 0), outcomes(20, 9))
    few = better.model_copy(update={"of_each": {"cat": 20, "dog": 9}, "seen": 31})
    assert decide(few) == Decision(
        False,
        "Refused, for want of pictures: only 20 of cat and 9 of dog among this run's test pictures "
        "are new to catdog:old (31 others it was trained on), and under 10 of each tell little: "
        "add pictures (110 of each label mostly give enough), or give them a model store of their "
        "own (BENTOML_HOME=folder); catdog:old stays in service.",
    )
    assert decide(better.model_copy(update={"of_each": {"cat": 20, "dog": 10}})).is_promoted


def test_who_turns_away_clearly_fewer_pictures_of_neither_is_refused_though_better() -> None:
    decision = contest(won=8, lost=0, rejected=(outcomes(33, 5), outcomes(38, 0)))
    assert not decision.is_promoted
    assert decision.reason.startswith("Refused, turning away fewer pictures of neither: ")
    assert "33 of 38 pictures of neither turned away against 38" in decision.reason


def test_who_turns_away_a_few_less_is_not_and_says_so() -> None:
    decision = contest(won=8, lost=0, rejected=(outcomes(34, 4), outcomes(38, 0)))
    assert decision.is_promoted
    assert "34 of 38 pictures of neither turned away against 38" in decision.reason


def alone(confusion: dict[str, dict[str, int]]) -> Figures:
    """Of a first model: true label -> answer -> how many."""
    of_each = {label: sum(answers.values()) for label, answers in confusion.items()}
    n = sum(of_each.values())
    right = sum(answers.get(label, 0) for label, answers in confusion.items())
    return Figures(
        champion=None,
        n=n,
        of_each=of_each,
        champion_accuracy=interval(0, 0),
        challenger_accuracy=interval(right, n),
        challenger_bytes=SAME[1],
    )


def test_on_too_few_pictures_a_first_model_is_refused_whatever_it_has_right() -> None:
    """All of three right is luck once in eight."""
    assert first_decision(alone({"cat": {"cat": 2}, "dog": {"dog": 1}})) == Decision(
        False,
        "Refused: only 2 cats and 1 dog are test pictures, which prove nothing whatever was right: "
        "some 30 pictures of each label in all are enough.",
    )
    assert first_decision(alone({"cat": {"cat": 2}, "dog": {"dog": 2}})).is_promoted


def test_too_few_are_as_many_as_never_tell_from_a_coin() -> None:
    fewest = LEAST_FOR_FIRST
    assert interval(fewest - 1, fewest - 1).low <= 0.5 < interval(fewest, fewest).low


def test_a_first_model_that_cannot_be_told_from_guessing_is_refused() -> None:
    decision = first_decision(alone({"cat": {"cat": 3, "dog": 1}, "dog": {"cat": 1, "dog": 3}}))
    assert not decision.is_promoted
    assert decision.reason.startswith("Refused: accuracy 75.00% on 8 test pictures (")
    assert decision.reason.endswith("is not clearly better than guessing.")


def test_a_first_model_that_always_answers_the_same_is_refused() -> None:
    always = alone({"cat": {"cat": 300}, "dog": {"cat": 100}})
    decision = first_decision(always)
    assert decision == Decision(
        False,
        "Refused: always answering cat has 300 of 400 test pictures right, and this has 300: add "
        "dogs.",
    )
    assert first_decision(alone({"cat": {"cat": 299, "dog": 1}, "dog": {"dog": 100}})).is_promoted


@pytest.mark.parametrize(("dogs", "cats"), [(29, 6), (58, 12)])
def test_whether_it_is_right_on_more_is_told_in_whole_pictures(dogs: int, cats: int) -> None:
    """29 / 35 * 35 is 29.000000000000004."""
    always = alone({"dog": {"dog": dogs}, "cat": {"dog": cats}})
    assert not first_decision(always).is_promoted
    better = alone({"dog": {"dog": dogs}, "cat": {"dog": cats - 1, "cat": 1}})
    assert first_decision(better).is_promoted
