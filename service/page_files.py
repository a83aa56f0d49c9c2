"""The files of the page: a browser asks each time whether it has the newest ones.

Left to themselves, browsers keep them for a tenth of their age, each for its own: after an
upgrade, old and new scripts would meet.
"""

from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.staticfiles import StaticFiles

FOLDER = Path(__file__).parent / "page"
_REVALIDATED = {"Cache-Control": "no-cache"}  # may be kept; a 304 says that it is still good


class PageFiles(StaticFiles):
    """What lies below /page."""

    def __init__(self) -> None:
        super().__init__(directory=FOLDER)

    async def start(self, request: Request) -> Response:
        """GET /."""
        return await self.get_response("index.html", request.scope)

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        """Starlette's, with our header."""
        response = super().file_response(*args, **kwargs)
        response.headers.update(_REVALIDATED)
        return response
