"""What must hold of any answer, whatever was sent."""

from collections.abc import Mapping

from pydantic import TypeAdapter, ValidationError

from service import problems
from service.answer import Answer
from service.batch import Batch
from service.problems import ProblemBody

SHEDDING = (429, 503)  # overload, if it says when to come again

_GOOD: TypeAdapter[Answer | Batch] = TypeAdapter(Answer | Batch)


def complaint(
    status: int, headers: Mapping[str, str], body: bytes, *, may_shed: bool = False
) -> str | None:
    """What is wrong with an answer to POST /predict or /predict/batch; None if nothing is.

    Args:
        status: 200 and 4xx are right, no other is.
        headers: case-insensitive.
        body: an answer, a batch of them, or a problem.
        may_shed: 503 with Retry-After is right too, as under overload.
    """
    try:
        if status == 200:
            _GOOD.validate_json(body)
            return None
        if not (400 <= status < 500 or (may_shed and status == 503)):
            return f"status {status}: {body[:200]!r}"
        if headers.get("content-type") != problems.MEDIA_TYPE:
            return f"{status} is {headers.get('content-type')}, no {problems.MEDIA_TYPE}"
        if ProblemBody.model_validate_json(body).status != status:
            return f"{status} says otherwise of itself: {body[:200]!r}"
    except ValidationError as exc:
        return f"{status} with a body of another shape: {body[:200]!r} ({exc.error_count()} faults)"
    if status in SHEDDING and not headers.get("retry-after", "").isdigit():
        return f"{status} without Retry-After"
    return None
