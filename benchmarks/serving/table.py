"""The figures for people, in Markdown."""

from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.markdown import table
from benchmarks.serving.contestants import ENGINE, OURS, WHAT


def markdown(
    contestants: Mapping[str, Mapping[str, Any]],
    ratios: Mapping[str, float],
    concurrency: Sequence[int],
) -> str:
    """Requests a second of each contestant (p50 / p99 in ms), errors where there were any.

    Args:
        contestants: name -> what `figures.of_server` or `figures.of_engine` made of it.
        ratios: what `figures.ratios` made of all.
        concurrency: the numbers of connections that were measured.
    """
    loads = [f"{c} at once" for c in concurrency]
    head = ["requests a second (p50 / p99)", *loads, "ours at 32: times"]
    rows = [
        [_who(name, of), *_cells(name, of["median"], concurrency), _ratio(name, ratios)]
        for name, of in contestants.items()
    ]
    return table(head, rows)


def _who(name: str, of: Mapping[str, Any]) -> str:
    count = of.get("workers")
    return WHAT[name] + (f", {count} worker{'s' * (count > 1)}" if count else "")


def _cells(name: str, median: Mapping[str, Any], concurrency: Sequence[int]) -> list[str]:
    if name == ENGINE:
        speed = f"{median['requests_per_s']:.1f} in batches of {median['batch_size']}"
        return [speed, *[""] * (len(concurrency) - 1)]
    return [_cell(median[str(connections)]) for connections in concurrency]


def _cell(figures: Mapping[str, Any]) -> str:
    times = f"{figures['p50_ms']:.0f} / {figures['p99_ms']:.0f} ms"
    errors = ", ".join(f"{count} x {kind}" for kind, count in figures["errors"].items())
    return f"{figures['requests_per_s']:.1f} ({times})" + (f"; {errors}" if errors else "")


def _ratio(name: str, ratios: Mapping[str, float]) -> str:
    return f"{ratios[name]:.2f}" if name in ratios else ("1" if name == OURS else "")
