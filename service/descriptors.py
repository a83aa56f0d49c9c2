"""File descriptors: without one to spare nothing works at all, so connections leave some."""

import resource

MOST = 4096  # connections at once; one with half a head takes 5 KiB
# Decoders, the network and files; and what asyncio accepts, BentoML's backlog at most, before
# `service.connection` is asked about the first of them.
SPARE = 128 + 2048


def raise_limit() -> None:
    """Raise the soft limit, where it is lower, to what `MOST` connections need."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST + SPARE
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return
    allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))


def most_connections() -> int:
    """Connections that are held at once."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return MOST
    return min(MOST, max(soft - SPARE, soft // 2))
