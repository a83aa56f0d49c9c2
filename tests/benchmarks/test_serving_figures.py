"""From what wrk prints to medians, ratios and the README's table."""

import pytest

from benchmarks.errors import BenchmarkError
from benchmarks.serving import figures, load
from benchmarks.serving.load import Load
from benchmarks.serving.measurement import MOST_SECONDS, long_enough
from benchmarks.serving.table import markdown

PRINTED = """Running 2s test @ http://127.0.0.1:3000/predict
  1 threads and 32 connections
Requests/sec:     84.93
Transfer/sec:     53.22KB
{"duration_s": 2.000000, "p50_ms": 341.219, "p99_ms": 519.131, "statuses": {"200": 160, "503": 10},\
 "connect": 0, "read": 3, "write": 0, "timeout": 0}
"""


def loaded(requests_per_s: float, errors: dict[str, int] | None = None) -> Load:
    return Load(
        requests_per_s=requests_per_s,
        p50_ms=1000 / requests_per_s,
        p99_ms=2000 / requests_per_s,
        answers=100,
        seconds=10,
        errors=errors or {},
    )


def test_only_answers_that_are_answers_count_as_requests_a_second() -> None:
    found = load.parsed(PRINTED)
    assert (found.requests_per_s, found.answers) == (80, 170)
    assert (found.p50_ms, found.p99_ms) == (341.2, 519.1)


def test_errors_are_told_apart_and_those_that_did_not_happen_are_left_out() -> None:
    assert load.parsed(PRINTED).errors == {"503": 10, "read": 3}


def test_wrk_without_figures_is_an_error_that_shows_what_it_said() -> None:
    with pytest.raises(BenchmarkError, match="unable to connect"):
        load.parsed("unable to connect to 127.0.0.1:3000 Connection refused\n")


def test_a_missing_wrk_is_an_error_that_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(BenchmarkError, match="apt-get install wrk"):
        load.version()


def test_a_server_is_reported_by_its_medians_and_the_sum_of_its_errors() -> None:
    rounds = [{32: loaded(10, {"503": 1})}, {32: loaded(40, {"503": 2, "read": 1})}]
    found = figures.of_server([*rounds, {32: loaded(20)}])
    assert found["median"] == {
        "32": {
            "requests_per_s": 20,
            "p50_ms": 50,
            "p99_ms": 100,
            "errors": {"503": 3, "read": 1},
        }
    }


def test_the_engine_is_reported_by_its_best_batch_size_over_all_rounds() -> None:
    found = figures.of_engine([{1: 90, 16: 100}, {1: 104, 16: 96}, {1: 91, 16: 99}])
    assert found["median"] == {"requests_per_s": 99, "batch_size": 16}


def test_ratios_are_ours_over_theirs_at_32() -> None:
    contestants = {
        "ours": figures.of_server([{1: loaded(30), 32: loaded(60)}]),
        "engine": figures.of_engine([{8: 80}]),
        "litserve_torch": figures.of_server([{1: loaded(30), 32: loaded(10)}]),
    }
    assert figures.ratios(contestants) == {"engine": 0.75, "litserve_torch": 6}


@pytest.mark.parametrize(
    "contestants", [{"ours": {1: loaded(30)}}, {"litserve_torch": {32: loaded(9)}}]
)
def test_there_is_no_ratio_of_what_was_not_measured(
    contestants: dict[str, dict[int, Load]],
) -> None:
    alone = {name: figures.of_server([loads]) for name, loads in contestants.items()}
    assert figures.ratios({**alone, "engine": figures.of_engine([{8: 80}])}) == {}


def test_a_server_without_a_good_answer_has_no_ratio() -> None:
    none = Load(requests_per_s=0, p50_ms=0, p99_ms=0, answers=5, seconds=10, errors={"500": 5})
    contestants = {
        "ours": figures.of_server([{32: loaded(60)}]),
        "fastapi_torch": figures.of_server([{32: none}]),
    }
    assert figures.ratios(contestants) == {}


def test_the_table_has_a_row_a_contestant_and_says_errors() -> None:
    contestants = {
        "ours": figures.of_server([{1: loaded(40), 32: loaded(60, {"503": 2})}]),
        "engine": figures.of_engine([{1: 70, 16: 80}]),
        "litserve_torch": {**figures.of_server([{1: loaded(5), 32: loaded(10)}]), "workers": 2},
    }
    lines = markdown(contestants, figures.ratios(contestants), [1, 32]).splitlines()
    assert lines[2:] == [
        "| this service | 40.0 (25 / 50 ms) | 60.0 (17 / 33 ms); 2 x 503 | 1 |",
        "| its engine alone, without HTTP | 80.0 in batches of 16 |  | 0.75 |",
        "| LitServe, torch fp32, 2 workers | 5.0 (200 / 400 ms) | 10.0 (100 / 200 ms) | 6.00 |",
    ]


@pytest.mark.parametrize(
    ("connections", "requests_per_s", "seconds"),
    [(1, 9, 10), (32, 60, 10), (128, 8, 48), (128, 0.5, MOST_SECONDS), (1, 0, MOST_SECONDS)],
)
def test_slow_servers_are_loaded_for_longer(
    connections: int, requests_per_s: float, seconds: float
) -> None:
    assert long_enough(connections, requests_per_s, 10) == seconds


def test_who_asks_for_more_seconds_gets_them() -> None:
    assert long_enough(128, 0.5, 2 * MOST_SECONDS) == 2 * MOST_SECONDS
