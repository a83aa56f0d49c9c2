"""What this package logs: one JSON object a line, on stdout.

What BentoML and its server log keeps its own form, and goes the same way.
"""

import atexit
import json
import logging
import sys
from datetime import UTC, datetime
from queue import SimpleQueue
from threading import Event, Thread
from time import monotonic, time
from typing import TextIO

_PACKAGE = __name__.partition(".")[0]
_EXPORTER = "opentelemetry"
_SERVERS = ("", "bentoml", "uvicorn.error")  # loggers whose handlers BentoML made
_NO_HTTP = "Invalid HTTP request received."  # uvicorn's words
MOST_WAITING = 10_000  # lines; 4 MB of ours
LAST_WAIT_S = 0.2  # for a line that comes when the process is about to end


class JsonLines(logging.Formatter):
    """A record as an object: time, level, message, then whatever `extra={"fields": ...}` holds."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": _time(record.created),
            "level": record.levelname.lower(),
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line)


class Seldom:
    """Filter that lets one record pass a minute: that a collector is out of reach is said once."""

    def __init__(self) -> None:
        self._next_s = monotonic()

    def __call__(self, _: logging.LogRecord) -> bool:
        if monotonic() < self._next_s:
            return False
        self._next_s = monotonic() + 60
        return True


class Outbox:
    """Takes text for a stream, and writes it in a thread of its own.

    Who reads our log may stop reading: a pager, a stopped terminal, a collector that hangs. The
    pipe is full after some hundred lines, and whoever writes the next one stands still: that
    must not be who answers requests. Past `MOST_WAITING`, lines are lost, and their number said.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._waiting: SimpleQueue[str | Event] = SimpleQueue()
        self._lost = 0
        self._is_closed = False
        Thread(target=self._write_all, name="log", daemon=True).start()
        atexit.register(self.close)

    def write(self, text: str) -> None:
        """Never waits, but for a moment once it is closed."""
        if self._waiting.qsize() < MOST_WAITING:
            self._waiting.put(text)
        else:
            self._lost += 1
        if self._is_closed:
            self._wait(LAST_WAIT_S)

    def flush(self) -> None:
        """Nothing to do: each text is flushed when it is written."""

    def close(self, timeout_s: float = 2.0) -> None:
        """Wait for what was taken to be written, if anybody reads it; so for later lines, too."""
        self._is_closed = True
        self._wait(timeout_s)

    def _wait(self, timeout_s: float) -> None:
        is_written = Event()
        self._waiting.put(is_written)
        is_written.wait(timeout_s)

    def _write_all(self) -> None:
        while True:
            match self._waiting.get():
                case Event() as is_written:
                    is_written.set()
                case str(text):
                    self._write(text)
            if self._lost:
                lost, self._lost = self._lost, 0
                line = {
                    "time": _time(time()),
                    "level": "warning",
                    "message": f"{lost} lines of log were lost: nobody read them",
                }
                self._write(json.dumps(line) + "\n")

    def _write(self, text: str) -> None:
        try:
            self._stream.write(text)
            self._stream.flush()
        except (OSError, ValueError):
            pass  # the reader is gone, and there is nobody else to tell


def configure() -> Outbox:
    """Give our loggers, and that of the trace exporter, their own way to stdout.

    To be called once, in each process that serves.

    Returns:
        what is to be closed before the process ends: a signal ends it without more ado.
    """
    outbox = Outbox(sys.stdout)
    for name in _SERVERS:
        for handler in logging.getLogger(name).handlers:
            if isinstance(handler, logging.StreamHandler) and handler.stream is sys.stdout:
                handler.setStream(outbox)
    for name in (_PACKAGE, _EXPORTER):
        handler = logging.StreamHandler(outbox)
        handler.setFormatter(JsonLines())
        if name == _EXPORTER:
            handler.addFilter(Seldom())
        logger = logging.getLogger(name)
        logger.handlers = [handler]
        logger.propagate = False  # BentoML's handler would write it once more, as text
    logging.getLogger(_PACKAGE).setLevel(logging.INFO)
    # What clients do wrong has a line of ours, which `CATDOG_ACCESS_LOG` can turn off.
    logging.getLogger("python_multipart").setLevel(logging.ERROR)
    server = logging.getLogger("uvicorn.error")
    server.addFilter(lambda record: record.msg != _NO_HTTP)
    server.propagate = False  # it has a handler, and would write each line twice
    return outbox


def _time(seconds: float) -> str:
    """Unix time as ISO 8601, to the millisecond."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
