"""CORS: which other sites' pages may call this service from a browser. None by default."""

import os

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

from service import settings

MAX_AGE_S = 600  # for which a browser remembers that it may


def allow_origins(app: ASGIApp) -> ASGIApp:
    """Let pages of the origins in the settings call the application, without cookies."""
    origins = settings.from_environment(os.environ).cors_origins.split()
    if not origins:
        return app
    return CORSMiddleware(
        app,
        allow_origins=origins,
        allow_methods=("GET", "POST"),
        allow_headers=("Authorization", "Content-Type", "X-Request-Id"),
        expose_headers=("Retry-After", "X-Request-Id"),
        max_age=MAX_AGE_S,
    )
