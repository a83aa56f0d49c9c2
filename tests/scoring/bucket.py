"""bucket.py PORT EVERY: an S3 whose every EVERYth read of an object fails.

moto's own server, and what fails is told by turns: "busy" in words of S3's, or a connection that
breaks in the middle of the object. GET /counts says how many there were.
"""

import itertools
import json
import socketserver
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import run_simple

COUNTS = "/counts"
_BUSY = b'<?xml version="1.0"?><Error><Code>SlowDown</Code><Message>Slow down</Message></Error>'

Start = Callable[..., Any]
Application = Callable[[dict[str, Any], Start], Iterable[bytes]]


class Failing:
    """In front of an application: lets reads of objects fail."""

    def __init__(self, application: Application, every: int) -> None:
        self._application = application
        self._every = every
        self._turns = itertools.count(1)
        self.reads = self.failures = 0

    def __call__(self, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        path, method = environ["PATH_INFO"], environ["REQUEST_METHOD"]
        if path == COUNTS:
            start("200 OK", [("Content-Type", "application/json")])
            return [json.dumps({"reads": self.reads, "failures": self.failures}).encode()]
        is_object = method == "GET" and path.count("/") >= 2 and not environ["QUERY_STRING"]
        if not is_object:
            return self._application(environ, start)
        self.reads += 1
        if next(self._turns) % self._every:
            return self._application(environ, start)
        self.failures += 1
        if self.failures % 2:
            start("503 Slow Down", [("Content-Type", "application/xml")])
            return [_BUSY]
        return _broken_off(self._application(environ, start))


def _broken_off(body: Iterable[bytes]) -> Iterator[bytes]:
    whole = b"".join(body)
    yield whole[: len(whole) // 2]
    raise ConnectionAbortedError


def main(port: int, every: int) -> None:
    """Serve until killed."""
    application = Failing(DomainDispatcherApplication(create_backend_app), every)
    socketserver.BaseServer.handle_error = lambda *_: None
    run_simple("127.0.0.1", port, application, threaded=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
