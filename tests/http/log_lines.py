"""What a live server logs of requests."""

import json
import time
from typing import Any

from tests.live_server import Server

LOG_TIMEOUT_S = 10

Line = dict[str, Any]


def lines_of(server: Server, *request_ids: str) -> dict[str, list[Line]]:
    """The lines of these requests, once there is at least one of each: they follow the answer."""
    deadline = time.monotonic() + LOG_TIMEOUT_S
    while True:
        lines = json_lines(server.log.read_text())
        found = {i: [x for x in lines if x.get("request_id") == i] for i in request_ids}
        if all(found.values()) or time.monotonic() > deadline:
            return found
        time.sleep(0.05)


def json_lines(log: str) -> list[Line]:
    """The lines that are ours. The last may be half written yet."""
    return [
        json.loads(line)
        for line in log.splitlines(keepends=True)
        if line.startswith("{") and line.endswith("\n")
    ]
