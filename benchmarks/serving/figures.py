"""From rounds of measurements to medians and ratios."""

import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict

from benchmarks.serving.contestants import ENGINE, OURS
from benchmarks.serving.load import Load

COMPARED_AT = 32  # connections

Loads = dict[int, Load]  # connections -> what came of them
Batches = dict[int, float]  # pictures in a batch -> pictures a second


def of_server(rounds: Sequence[Loads]) -> dict[str, object]:
    """Medians over the rounds, and every round. Errors are added up."""
    return {
        "median": {
            str(connections): {
                **{
                    field: _median([getattr(loads[connections], field) for loads in rounds])
                    for field in ("requests_per_s", "p50_ms", "p99_ms")
                },
                "errors": dict(
                    sum((Counter(loads[connections].errors) for loads in rounds), Counter())
                ),
            }
            for connections in rounds[0]
        },
        "rounds": [{str(c): asdict(load) for c, load in loads.items()} for loads in rounds],
    }


def of_engine(rounds: Sequence[Batches]) -> dict[str, object]:
    """The batch size that was fastest by the median over the rounds, and every round."""
    medians = {size: _median([batches[size] for batches in rounds]) for size in rounds[0]}
    best = max(medians, key=medians.__getitem__)
    return {
        "median": {"requests_per_s": medians[best], "batch_size": best},
        "rounds": [{str(size): speed for size, speed in batches.items()} for batches in rounds],
    }


def ratios(contestants: Mapping[str, Mapping[str, object]]) -> dict[str, float]:
    """Requests a second at 32 connections, ours over everybody else's."""
    speeds = {name: speed for name, of in contestants.items() if (speed := _speed(name, of))}
    if OURS not in speeds:
        return {}
    return {name: round(speeds[OURS] / speed, 3) for name, speed in speeds.items() if name != OURS}


def _speed(name: str, figures: Mapping[str, object]) -> float | None:
    """Requests a second where contestants are compared; None where that was not measured."""
    median = figures["median"]
    assert isinstance(median, dict)
    at = median if name == ENGINE else median.get(str(COMPARED_AT), {})
    speed: float | None = at.get("requests_per_s")
    return speed


def _median(values: Sequence[float]) -> float:
    return round(statistics.median(values), 2)
