"""How often luck deceives the rule: counted exactly, and tried."""

import itertools

import numpy as np
import pytest
from scipy.stats import binom, hypergeom, multinomial

from tests.training.comparisons import SAME, Cost, against, outcomes
from training.decision import Decision, decide, is_clear

FLIPS = [(400, 0.91), (585, 0.995)]  # test pictures, accuracy of the champion


@pytest.mark.parametrize("cost", [SAME, (200.0, 500)], ids=["same cost", "faster and smaller"])
@pytest.mark.parametrize(("n", "accuracy"), FLIPS)
def test_the_champion_with_two_percent_of_its_answers_flipped_is_never_promoted(
    n: int, accuracy: float, cost: Cost
) -> None:
    """A flipped wrong answer becomes right. A thousand tries."""
    champion = outcomes(round(n * accuracy), n - round(n * accuracy))
    decisions: dict[int, Decision] = {}  # by how many it wins, of which all else follows
    for seed in range(1000):
        challenger = champion.copy()
        challenger[np.random.default_rng(seed).choice(n, round(0.02 * n), replace=False)] ^= True
        won = int((challenger & ~champion).sum())
        if won not in decisions:
            decisions[won] = decide(against(challenger, champion, cost))
        assert not decisions[won].is_promoted, f"seed {seed}: {decisions[won].reason}"


@pytest.mark.parametrize(("n", "accuracy"), [*FLIPS, (40, 0.91), (100, 0.91), (1000, 0.91)])
@pytest.mark.parametrize("cost", [SAME, (200.0, 500)], ids=["same cost", "faster and smaller"])
def test_twenty_tries_with_flipped_answers_promote_with_a_probability_under_one_in_a_thousand(
    n: int, accuracy: float, cost: Cost
) -> None:
    """Exactly: of the flipped answers, the wrong ones are hypergeometric."""
    wrong, flips = n - round(n * accuracy), round(0.02 * n)
    of_one = 0.0
    for won in range(max(0, flips - (n - wrong)), min(flips, wrong) + 1):
        champion = outcomes(n - wrong, wrong)
        challenger = champion.copy()
        challenger[: flips - won] = False
        challenger[n - won :] = True
        if decide(against(challenger, champion, cost)).is_promoted:
            of_one += float(hypergeom(n, wrong, flips).pmf(won))
    assert 1 - (1 - of_one) ** 20 < 1e-3


def test_an_equally_good_model_is_called_better_at_most_once_in_twenty_tries() -> None:
    """Exactly, whatever the number of pictures on which the two differ."""
    for differ in range(1, 120):
        called = sum(
            binom.pmf(won, differ, 0.5) for won in range(differ + 1) if is_clear(won, differ - won)
        )
        assert called <= 0.05


def test_nothing_is_clear_where_nothing_differs() -> None:
    assert not is_clear(0, 0)
    assert not any(is_clear(k, k) for k in range(50))
    clear = [(w, lost) for w, lost in itertools.product(range(30), repeat=2) if is_clear(w, lost)]
    assert all(w > lost for w, lost in clear)


@pytest.mark.parametrize("n", [300, 301, 400, 585])
@pytest.mark.parametrize(("won", "lost"), [(0.0, 0.01), (0.005, 0.015)])
def test_a_smaller_model_that_is_worse_by_the_margin_passes_once_in_20_tries_at_most(
    n: int, won: float, lost: float
) -> None:
    """Exactly, but for what is next to impossible."""
    passes = 0.0
    for n_won, n_lost in itertools.product(range(9), range(9)):
        both = n - n_won - n_lost
        chance = multinomial.pmf([n_won, n_lost, both], n, [won, lost, 1 - won - lost])
        if chance < 1e-5:
            continue
        right = np.ones(n, bool)
        ours, theirs = right.copy(), right.copy()
        ours[:n_lost], theirs[n_lost : n_lost + n_won] = False, False
        if decide(against(ours, theirs, (200.0, 500))).is_promoted:
            passes += chance
    assert 0.01 < passes < 0.05
