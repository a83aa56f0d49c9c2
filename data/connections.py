"""Connections of libraries that would wait for ever for a server that has stopped answering."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def bounded(timeout_s: float) -> Iterator[None]:
    """Give connections that are opened inside, of any thread, a timeout.

    Args:
        timeout_s: of each wait for an answer, not of all of a download.
    """
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(timeout_s)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)
