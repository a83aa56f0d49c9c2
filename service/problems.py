"""Every error answer, from every layer: application/problem+json (RFC 9457)."""

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import BaseModel, Field
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from service import images
from service.record import REQUEST_ID, Record

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_S = 1  # queues here are seconds long at most, so a soon retry is a fair one
_AGAIN = f"Send it again in {RETRY_AFTER_S} s or later."


@dataclass(frozen=True)
class Kind:
    """A kind of problem, as stable as the API: clients may branch on `type`."""

    slug: str
    status: int
    title: str

    @property
    def type(self) -> str:
        """URI reference of the paragraph that explains it."""
        return f"/docs#{self.slug}"


MALFORMED = Kind("malformed-request", 400, "The request is malformed")
NO_PICTURE = Kind("no-picture", 400, "The request holds no picture")
EMPTY_PICTURE = Kind("empty-picture", 400, "The picture is empty")
UNAUTHORIZED = Kind("unauthorized", 401, "A valid API key is needed")
NOT_FOUND = Kind("not-found", 404, "There is nothing at this path")
METHOD_NOT_ALLOWED = Kind("method-not-allowed", 405, "This path does not take this method")
UPLOAD_TIMEOUT = Kind("upload-timeout", 408, "The request did not arrive in time")
TOO_MANY_BYTES = Kind("too-many-bytes", 413, "The body or a picture has too many bytes")
TOO_MANY_PIXELS = Kind("too-many-pixels", 413, "The picture has too many pixels")
TOO_MANY_PICTURES = Kind("too-many-pictures", 413, "The batch has too many pictures")
UNSUPPORTED = Kind("unsupported-picture", 415, "Not a kind of image that is taken")
DAMAGED = Kind("damaged-picture", 422, "The picture is damaged")
TOO_MANY_REQUESTS = Kind("too-many-requests", 429, "Too many requests at once")
INTERNAL = Kind("internal-error", 500, "Something went wrong on our side")
NOT_EXPLAINABLE = Kind("not-explainable", 501, "This model cannot explain itself")
OVERLOADED = Kind("overloaded", 503, "The service cannot answer right now")

KINDS = (
    MALFORMED,
    NO_PICTURE,
    EMPTY_PICTURE,
    UNAUTHORIZED,
    NOT_FOUND,
    METHOD_NOT_ALLOWED,
    UPLOAD_TIMEOUT,
    TOO_MANY_BYTES,
    TOO_MANY_PIXELS,
    TOO_MANY_PICTURES,
    UNSUPPORTED,
    DAMAGED,
    TOO_MANY_REQUESTS,
    INTERNAL,
    NOT_EXPLAINABLE,
    OVERLOADED,
)

_OF_IMAGE_ERROR = {
    images.EmptyImage: EMPTY_PICTURE,
    images.UnsupportedImage: UNSUPPORTED,
    images.TooManyPixels: TOO_MANY_PIXELS,
    images.DamagedImage: DAMAGED,
}


class ProblemBody(BaseModel):
    """The members of RFC 9457 that every error answer has."""

    type: str = Field(description="What kind of problem; branch on this.")
    title: str = Field(description="The kind in words, the same each time.")
    status: int = Field(description="The HTTP status.")
    detail: str = Field(description="What was wrong this time, and what to do about it.")


class Problem(Exception):
    """Why a request, or one picture of it, gets no answer. `detail` is for the sender."""

    def __init__(self, kind: Kind, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail
        self.headers = dict(headers or {})
        if kind.status in (429, 503):
            self.headers.setdefault("Retry-After", str(RETRY_AFTER_S))

    def body(self) -> ProblemBody:
        """What the sender reads."""
        kind = self.kind
        return ProblemBody(type=kind.type, title=kind.title, status=kind.status, detail=self.detail)

    def as_response(self) -> JSONResponse:
        """The whole HTTP answer."""
        return _ProblemResponse(self)


class _ProblemResponse(JSONResponse):
    """Notes, when it is sent, what the request came to: every layer's refusals pass here."""

    media_type = MEDIA_TYPE

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.body().model_dump(), problem.kind.status, problem.headers)
        self.slug = problem.kind.slug

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        Record.of(scope).problem = self.slug
        await super().__call__(scope, receive, send)


def of_image(error: images.ImageError) -> Problem:
    """The problem of a picture that `service.images` refused."""
    return Problem(_OF_IMAGE_ERROR[type(error)], str(error))


def picture_too_long(max_bytes: int) -> Problem:
    """413, of one picture."""
    detail = f"The picture has over {max_bytes} bytes, which is the most allowed."
    detail += " Scale it down: 512 pixels on the short side lose nothing."
    return Problem(TOO_MANY_BYTES, detail)


def unauthorized() -> Problem:
    """401, with the challenge that RFC 9110 asks for."""
    detail = "This service wants an API key that it knows: send the header Authorization: Bearer"
    return Problem(UNAUTHORIZED, f"{detail} KEY.", {"WWW-Authenticate": "Bearer"})


def not_found(path: str) -> Problem:
    """404."""
    return Problem(NOT_FOUND, f"There is nothing at {path!r}. GET /docs lists every path.")


def no_filters() -> Problem:
    """404, of a path that other models have something at."""
    detail = "This model's network has no first layer of filters on colours that could be shown."
    return Problem(NOT_FOUND, f"{detail} GET /model says what it is.")


def method_not_allowed(method: str, path: str, allowed: str) -> Problem:
    """405, with the Allow header that RFC 9110 asks for."""
    detail = f"{path} does not take {method}; it takes {allowed}. GET /docs has examples."
    return Problem(METHOD_NOT_ALLOWED, detail, {"Allow": allowed})


def internal() -> Problem:
    """500: a bug of ours, of which the answer says nothing."""
    detail = "The request was fine, we failed. The failure has been logged: tell who runs this "
    detail += f"service the answer's {REQUEST_ID}."
    return Problem(INTERNAL, detail)


def not_explainable() -> Problem:
    """501: the model was exported before its graph gave what explanations need."""
    detail = "The model in service was exported by an earlier version, without what explanations "
    detail += "need. Export it again (make train), and start the service anew; POST /predict works."
    return Problem(NOT_EXPLAINABLE, detail)


def too_many_requests() -> Problem:
    """429: as many pictures are worked on as may be."""
    detail = "As many pictures are being worked on as can be answered in good time. Retry later."
    return Problem(TOO_MANY_REQUESTS, detail)


def overloaded() -> Problem:
    """503: the network is busy, starting or being restarted."""
    return Problem(OVERLOADED, f"The network is busy or being started. {_AGAIN}")


def unanswered(seconds: float) -> Problem:
    """503: it was accepted, and then took longer than an answer may."""
    detail = f"Decoding and scoring took over {seconds:g} s, which is the most allowed."
    return Problem(OVERLOADED, f"{detail} {_AGAIN}")


def undecoded(seconds: float) -> Problem:
    """503, of one picture of a batch: the time was up before its turn was."""
    detail = f"The {seconds:.3g} s for decoding this batch were over before this picture was done."
    return Problem(OVERLOADED, f"{detail} Send it again, with fewer others.")


def buffers_full() -> Problem:
    """503: the bodies of all requests together are as large as may be."""
    detail = "The bodies of all requests together have as many bytes as are held at once."
    return Problem(OVERLOADED, f"{detail} {_AGAIN}")
