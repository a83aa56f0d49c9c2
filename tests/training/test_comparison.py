"""What is measured of two models on the same pictures, and how it is kept."""

import itertools
from math import comb
from pathlib import Path

import numpy as np
import pytest

from service.engine import Scores
from training import comparison, pairs, timing
from training.comparison import Comparison, Contestant
from training.errors import TrainingError
from training.pairs import Pairs
from training.run import Run
from training.timing import Speeds


def contestant(right: list[bool], rejected: list[bool], n_bytes: int) -> Contestant:
    losses = np.array([0.1 if r else 2.0 for r in right])
    return Contestant(np.array(right), losses, np.array(rejected), n_bytes)


@pytest.fixture
def kept() -> Comparison:
    figures = comparison.figures(
        "catdog:old",
        contestant([True, True, True, False], [True, False], 10),
        contestant([True, False, False, False], [True, True], 20),
        Speeds(90.0, 60.0, 1.4, 1.6),
        of_each={"cat": 3, "dog": 1},
        seen=2,
    )
    return Comparison(**figures.model_dump(), is_promoted=False, reason="Refused: why not.")


@pytest.mark.parametrize(("won", "lost"), [(0, 0), (3, 3), (9, 2), (1, 8), (5, 0)])
def test_the_p_value_is_mcnemars_exact_one(won: int, lost: int) -> None:
    """Counted out: both tails of fair coins, as far from the middle as these."""
    n, far = won + lost, abs(won - lost)
    tails = sum(comb(n, k) for k in range(n + 1) if abs(2 * k - n) >= far) / 2**n
    assert pairs.p_value(won, lost) == pytest.approx(tails)


@pytest.mark.parametrize(("more", "fewer"), [(0, 0), (3, 3), (9, 2), (1, 8), (5, 0)])
def test_luck_is_one_tail_of_it(more: int, fewer: int) -> None:
    n = more + fewer
    tail = sum(comb(n, k) for k in range(more, n + 1)) / 2**n
    assert pairs.luck(more, fewer) == pytest.approx(tail)


@pytest.mark.parametrize("cells", [Pairs(300, 30, 12, 58), Pairs(570, 8, 1, 6), Pairs(5, 4, 2, 1)])
def test_the_interval_is_that_of_resampled_pictures(cells: Pairs) -> None:
    """The slow way: pictures drawn with replacement, one by one."""
    differences = np.repeat([0, 1, -1, 0], cells)
    random = np.random.default_rng(1)
    means = [differences[random.integers(0, cells.n, cells.n)].mean() for _ in range(20_000)]
    low, high = np.quantile(means, [0.025, 0.975])
    assert pairs.interval(cells) == pytest.approx((low, high), abs=1.01 / cells.n)


def test_the_interval_is_the_same_each_time() -> None:
    cells = Pairs(30_000, 3000, 1200, 5800)
    assert pairs.interval(cells) == pairs.interval(cells) != pairs.interval(cells, seed=1)


def test_without_pictures_every_difference_is_possible() -> None:
    assert pairs.interval(Pairs(0, 0, 0, 0)) == (-1.0, 1.0)
    assert Pairs(0, 0, 0, 0).difference == 0


def test_figures_are_counted_in_pairs(kept: Comparison) -> None:
    assert (kept.both_right, kept.won, kept.lost, kept.both_wrong, kept.n) == (1, 2, 0, 1, 4)
    assert (kept.champion_accuracy.value, kept.challenger_accuracy.value) == (0.25, 0.75)
    assert kept.difference == 0.5
    assert kept.difference_low <= 0.5 <= kept.difference_high
    assert kept.p_value == 0.5
    assert kept.challenger_log_loss == pytest.approx((3 * 0.1 + 2) / 4)
    assert (kept.rejected_won, kept.rejected_lost) == (0, 1)
    assert kept.champion_rejected
    assert kept.champion_rejected.value == 1
    assert (kept.champion_pictures_per_s, kept.challenger_pictures_per_s) == (60, 90)
    assert (kept.speedup_low, kept.speedup_high) == (1.4, 1.6)
    assert (kept.champion_bytes, kept.challenger_bytes) == (20, 10)


def test_a_comparison_is_read_as_it_was_saved(kept: Comparison, tmp_path: Path) -> None:
    comparison.save(Run(tmp_path), kept)
    assert comparison.read(Run(tmp_path)) == kept
    assert [path.name for path in tmp_path.iterdir()] == ["comparison.json"]


def test_where_nothing_was_compared_there_is_no_comparison(tmp_path: Path) -> None:
    assert comparison.read(Run(tmp_path)) is None


@pytest.mark.parametrize("text", ["", "{}", '{"champion": 1'])
def test_another_file_is_no_comparison(tmp_path: Path, text: str) -> None:
    (tmp_path / comparison.COMPARISON).write_text(text)
    with pytest.raises(TrainingError, match="is not a comparison that this version wrote"):
        comparison.read(Run(tmp_path))


def test_a_comparison_that_cannot_be_written_is_an_error_that_says_so(
    kept: Comparison, tmp_path: Path
) -> None:
    with pytest.raises(TrainingError, match=r"comparison\.json cannot be written \(No such file"):
        comparison.save(Run(tmp_path / "gone"), kept)


def test_speed_is_measured_in_turns_after_a_first_call_each(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each gets the same batch, and they take turns in going first."""
    monkeypatch.setattr(timing, "LEAST_S", 0.01)
    calls: list[int] = []

    def engine(i: int, work: int) -> timing.Scorer:
        def run(pixels: np.ndarray) -> Scores:
            assert pixels.shape == (4, 2)
            calls.append(i)
            np.linalg.svd(np.ones((work, work)))
            return Scores(np.empty((4, 2)), np.empty(4))

        return run

    found = timing.compare(engine(0, 2), engine(1, 100), np.ones((4, 2)))
    assert calls[:2] == [0, 1]
    turns = [i for i, _ in itertools.groupby(calls[2:])]
    assert turns == [0, 1] * 5, "0 1, 1 0, 0 1, ...: nine turns"
    assert found.first > found.second > 0
    assert found.ratio_high >= found.ratio_low > 1
