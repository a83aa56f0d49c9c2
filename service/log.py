"""What this package logs: one JSON object a line, on stdout.

What BentoML and its server log keeps their own form.
"""

import json
import logging
import sys
from datetime import UTC, datetime
from time import monotonic

_PACKAGE = __name__.partition(".")[0]
_EXPORTER = "opentelemetry"


class JsonLines(logging.Formatter):
    """A record as an object: time, level, message, then whatever `extra={"fields": ...}` holds."""

    def format(self, record: logging.LogRecord) -> str:
        time = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line = {
            "time": time.replace("+00:00", "Z"),
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


def configure() -> None:
    """Give our loggers, and that of the trace exporter, their own way to stdout."""
    for name in (_PACKAGE, _EXPORTER):
        handler = logging.StreamHandler(sys.stdout)
        handler.setFormatter(JsonLines())
        if name == _EXPORTER:
            handler.addFilter(Seldom())
        logger = logging.getLogger(name)
        logger.handlers = [handler]
        logger.propagate = False  # BentoML's handler would write it once more, as text
    logging.getLogger(_PACKAGE).setLevel(logging.INFO)
