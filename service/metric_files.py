"""The files that Prometheus's client counts in: with disk space of their own, or in memory.

It maps them into memory, and makes them without their space. Where the disk is full, the first
number on a new page ends the process with SIGBUS, and its successor too, and so on.
"""

import logging
import mmap
import os
from contextlib import suppress
from pathlib import Path

from prometheus_client import mmap_dict, values

from service.log import Seldom

FIRST_BYTES = 1 << 14  # four kinds of files a process; they double when they are full

logger = logging.getLogger(__name__)


class _Reserved(mmap_dict.MmapedDict):
    """Takes its space from the disk before it uses it. What finds none counts on in memory, from
    where /metrics does not read it.
    """

    def __init__(self, filename: str, read_mode: bool = False) -> None:
        if read_mode or _reserve(filename, FIRST_BYTES):
            super().__init__(filename, read_mode)  # type: ignore[no-untyped-call]  # it has no types
        else:
            with suppress(OSError):
                Path(filename).unlink()  # of no bytes, which nobody can read
            super().__init__(_in_memory(bytes(FIRST_BYTES)))  # type: ignore[no-untyped-call]  # it has no types

    def _init_value(self, key: str) -> None:
        capacity = self._capacity
        while self._used + _entry_bytes(key) > capacity:
            capacity *= 2
        if capacity > self._capacity and not _reserve(self._fname, capacity):
            content = self._m[:].ljust(capacity, b"\0")
            self.close()  # type: ignore[no-untyped-call]  # it has no types
            self._fname = _in_memory(content)
            self._f = Path(self._fname).open("a+b")  # noqa: SIM115 - for as long as we count
            self._m = mmap.mmap(self._f.fileno(), capacity)
            self._capacity = capacity
        super()._init_value(key)  # type: ignore[no-untyped-call]  # it has no types


def install() -> None:
    """For a process that serves, before it counts anything."""
    logger.addFilter(Seldom())
    values.MmapedDict = _Reserved  # type: ignore[attr-defined]  # its own import


def _entry_bytes(key: str) -> int:
    """At most what a new number takes: a length, the key, up to 8 of padding, two doubles."""
    return 4 + len(key.encode()) + 8 + 16


def _reserve(filename: str, size: int) -> bool:
    """Whether the disk has room for so large a file, which then has it."""
    if filename.startswith("/proc/self/fd/"):
        return True
    try:
        descriptor = os.open(filename, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            os.posix_fallocate(descriptor, 0, size)
        finally:
            os.close(descriptor)
    except OSError as exc:
        logger.error("Metrics are lost: %s: %s. Make room there.", filename, exc.strerror)
        return False
    return True


def _in_memory(content: bytes) -> str:
    """The name, for this process, of a file that is on no disk; for as long as it runs."""
    descriptor = os.memfd_create("metrics")
    os.write(descriptor, content)
    return f"/proc/self/fd/{descriptor}"
