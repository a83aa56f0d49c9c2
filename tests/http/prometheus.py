"""What /metrics says, as numbers."""

import time
from collections.abc import Callable

import httpx
from prometheus_client.parser import text_string_to_metric_families

SETTLE_TIMEOUT_S = 10


def samples(client: httpx.Client) -> dict[str, float]:
    """Our series, but for buckets: `name{label=value,...}` to value."""
    families = text_string_to_metric_families(client.get("/metrics").text)
    return {
        f"{s.name}{{{','.join(f'{k}={v}' for k, v in sorted(s.labels.items()))}}}": s.value
        for family in families
        for s in family.samples
        if s.name.startswith("catdog_") and not s.name.endswith("_bucket")
    }


def moves(client: httpx.Client, what: Callable[[], object], expected: dict[str, float]) -> None:
    """Assert that `what` moves these series by so much, and no other.

    Sums of seconds and scrapes aside. A request is counted after its answer, so poll.
    """
    before = samples(client)
    what()
    deadline = time.monotonic() + SETTLE_TIMEOUT_S
    while (moved := _moved(before, samples(client))) != expected and time.monotonic() < deadline:
        time.sleep(0.05)
    assert moved == expected


def _moved(before: dict[str, float], after: dict[str, float]) -> dict[str, float]:
    moved = {series: round(value - before.get(series, 0), 4) for series, value in after.items()}
    return {
        series: by
        for series, by in moved.items()
        if by and "_seconds_sum" not in series and "route=/metrics" not in series
    }
