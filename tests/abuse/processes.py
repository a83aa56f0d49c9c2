"""The server's processes, as the operating system sees them."""

import psutil

from tests.live_server import Server


def services(server: Server) -> set[tuple[int, float]]:
    """Process id and start of each service: another set is a restart.

    They are the supervisor's children. What those start themselves, such as workers that
    decode, may come and go.
    """
    return {(p.pid, p.create_time()) for p in psutil.Process(server.pid).children()}


def memory_bytes(server: Server) -> tuple[int, int]:
    """Of the supervisor and all below it: their resident sets, and what is theirs alone.

    Returns:
        RSS, which counts shared pages once a process, and USS, which counts none of them.
    """
    supervisor = psutil.Process(server.pid)
    rss = uss = 0
    for process in (supervisor, *supervisor.children(recursive=True)):
        try:
            memory = process.memory_full_info()
        except psutil.NoSuchProcess:
            continue
        rss += memory.rss
        uss += memory.uss
    return rss, uss
