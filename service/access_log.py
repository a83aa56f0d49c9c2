"""The line of log that a request leaves. Of its pictures it says how many came, and no more."""

import logging
from collections import Counter
from typing import Any

from service.problems import Problem
from service.record import Record

log = logging.getLogger(__name__)


def write(record: Record, model: str, trace_id: str | None, error: Exception | None) -> None:
    """Write it.

    Args:
        record: of a request that has been answered, or given up.
        model: the tag of the model that answers.
        trace_id: where it is traced.
        error: what was raised, if that was a bug of ours.
    """
    level = logging.INFO
    if record.status is None or record.status >= 500:
        level = logging.WARNING if error is None else logging.ERROR
    fields = _fields(record) | {"model": model, "trace_id": trace_id}
    log.log(
        level,
        "%s %s %s",
        record.method,
        record.route,
        record.status or "unanswered",
        extra={"fields": {key: value for key, value in fields.items() if value is not None}},
        exc_info=error,
    )


def write_refusal(problem: Problem, request_id: str, model: str) -> None:
    """Write the line of what never became a request, and so has no record."""
    kind = problem.kind
    fields = {"request_id": request_id, "status": kind.status, "problem": kind.slug, "model": model}
    log.info("no request %s", kind.status, extra={"fields": fields})


def _fields(record: Record) -> dict[str, Any]:
    """What applies to the request; None where nothing does."""
    outcomes = Counter([*(answer.label for answer in record.answers), *record.refusals])
    of_one = record.pictures == 1
    return {
        "request_id": record.request_id,
        "method": record.method,
        "path": record.route,
        "status": record.status,
        "duration_ms": _ms(record.duration_s),
        "bytes_in": record.bytes_in,
        "pictures": record.pictures or None,
        "decode_ms": _ms(record.decode.seconds) if record.decode.has_run else None,
        "queue_ms": _ms(record.queue_s) if record.score.has_run else None,
        "model_ms": _ms(record.model_s) if record.score.has_run else None,
        "label": record.answers[0].label if of_one and record.answers else None,
        "problem": record.refusals[0] if of_one and record.refusals else record.problem,
        "outcomes": dict(outcomes) if outcomes and not of_one else None,
    }


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 1)
