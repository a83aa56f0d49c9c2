"""CORS: which other sites' pages may call this service from a browser. None by default."""

import os

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp

from service import problems, settings
from service.record import REQUEST_ID

MAX_AGE_S = 600  # for which a browser remembers that it may
METHODS = ("GET", "POST")
HEADERS = ("Authorization", "Content-Type", REQUEST_ID, "traceparent", "tracestate")
_ASKED = "Access-Control-Request-"
_ASKABLE = ("Method", "Headers", "Private-Network")


def allow_origins(app: ASGIApp) -> ASGIApp:
    """Let pages of the origins in the settings call the application, without cookies."""
    origins = settings.from_environment(os.environ).cors_origins.split()
    if not origins:
        return app
    return _CrossOrigin(
        app,
        allow_origins=origins,
        allow_methods=METHODS,
        allow_headers=HEADERS,
        expose_headers=("Retry-After", REQUEST_ID),
        max_age=MAX_AGE_S,
    )


class _CrossOrigin(CORSMiddleware):
    """Starlette's, with problems in the place of its plain text."""

    def preflight_response(self, request_headers: Headers) -> Response:
        response = super().preflight_response(request_headers)
        if response.status_code < 400:
            return response
        origin = request_headers["origin"]
        variable = settings.variable("cors_origins")
        if self.is_allowed_origin(origin):
            asked = {name: request_headers.get(_ASKED + name) for name in _ASKABLE}
            came = ", ".join(f"{_ASKED}{name}: {value!r}" for name, value in asked.items() if value)
            detail = f"Pages of {origin!r}, which {variable} allows, may send {', '.join(METHODS)} "
            detail += f"with {', '.join(HEADERS)}, and not into a private network; {came} came."
        else:
            detail = f"Pages of {origin!r} may not call this service: {variable} sets whose may."
        kept = {k: v for k, v in response.headers.items() if not k.startswith("content-")}
        return problems.Problem(problems.MALFORMED, detail, kept).as_response()
