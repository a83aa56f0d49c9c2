"""What is noted of a request while it is answered: for its log line, its metrics, its trace."""

import re
from dataclasses import dataclass, field
from time import perf_counter
from types import TracebackType
from uuid import uuid4

from starlette.types import Scope

from service.answer import Answer

REQUEST_ID = "X-Request-Id"  # header of requests and of answers

_KEY = "catdog.record"
_ID_KEY = "catdog.request_id"
_ACCEPTED_ID = re.compile(rb"[A-Za-z0-9._-]{1,128}")


def request_id(scope: Scope) -> str:
    """The client's own, if it is one that we take; else a new one. Of one scope always the same."""
    name = REQUEST_ID.lower().encode()
    given = next((value for key, value in scope["headers"] if key == name), b"")
    own = given.decode() if _ACCEPTED_ID.fullmatch(given) else uuid4().hex
    known: str = scope.setdefault(_ID_KEY, own)
    return known


class Stopwatch:
    """A context that notes when it was entered and left, by `time.perf_counter`."""

    def __init__(self) -> None:
        self.started_s: float | None = None
        self.seconds = 0.0

    @property
    def has_run(self) -> bool:
        """Entered, if not left."""
        return self.started_s is not None

    def __enter__(self) -> None:
        self.started_s = perf_counter()

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self.started_s is not None
        self.seconds = perf_counter() - self.started_s


@dataclass
class Record:
    """One request. Holds nothing of its pictures, their names, or what a client may keep secret.

    route: one of our paths, or a word for all others, so that there are only so many.
    status: of the answer; None before it, and for ever where none was sent.
    duration_s: from the first sight of the request to the last byte of its answer.
    bytes_in: of the body, as far as it was read.
    pictures: that came, the refused ones of a batch included.
    decode: from the body's end until all pictures were decoded or refused; waiting for a free
        decoder is part of it.
    score: waiting for the network, and its work.
    model_s: the network's work alone: the seconds of each batch that held pictures of ours.
    problem: slug of the problem that was the whole answer.
    refusals: slugs of the problems of single pictures of a batch.
    """

    request_id: str = ""
    method: str = ""
    route: str = ""
    status: int | None = None
    started_s: float = field(default_factory=perf_counter)
    duration_s: float = 0.0
    bytes_in: int = 0
    pictures: int = 0
    decode: Stopwatch = field(default_factory=Stopwatch)
    score: Stopwatch = field(default_factory=Stopwatch)
    model_s: float = 0.0
    answers: list[Answer] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    problem: str | None = None

    @property
    def queue_s(self) -> float:
        """The wait while the network was busy with others, and the way there and back."""
        return max(0.0, self.score.seconds - self.model_s)

    def attach(self, scope: Scope) -> None:
        """Make this the request's record, for all who are given its scope."""
        scope[_KEY] = self

    @classmethod
    def of(cls, scope: Scope) -> "Record":
        """The request's record; one that nobody reads where nobody watches."""
        record: Record = scope.setdefault(_KEY, cls())
        return record
