"""The server's processes, as the operating system sees them."""

import psutil

from tests.live_server import Server

# What our processes do, by a word of their command.
ROLES = {
    "decoders": "service.decode_worker",
    "network": "Network",
    "http": "service.service:CatDog",
}
_SUPERVISOR = "supervisor"


def services(server: Server) -> set[tuple[int, float]]:
    """Process id and start of each service: another set is a restart.

    They are the supervisor's children. What those start themselves, such as workers that
    decode, may come and go.
    """
    return {(p.pid, p.create_time()) for p in psutil.Process(server.pid).children()}


def memory_bytes(server: Server) -> tuple[int, dict[str, int]]:
    """Of the supervisor and all below it: their resident sets, and what is theirs alone.

    Returns:
        RSS of all, which counts shared pages once a process; and of each of `ROLES` USS, which
        counts none of them.
    """
    supervisor = psutil.Process(server.pid)
    rss, uss = 0, dict.fromkeys((*ROLES, _SUPERVISOR), 0)
    for process in (supervisor, *supervisor.children(recursive=True)):
        try:
            memory, words = process.memory_full_info(), process.cmdline()
        except psutil.NoSuchProcess:
            continue
        rss += memory.rss
        role = next((name for name, word in ROLES.items() if word in words), _SUPERVISOR)
        uss[role if process != supervisor else _SUPERVISOR] += memory.uss
    return rss, uss
