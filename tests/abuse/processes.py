"""The server's processes, as the operating system sees them."""

from collections import Counter
from pathlib import Path

import psutil

from tests.live_server import Server

# What our processes do, by a word of their command.
ROLES = {
    "decoders": "service.decode_worker",
    "network": "Network",
    "http": "service.service:CatDog",
}
_SUPERVISOR = "supervisor"


def process_of(server: Server, service: str) -> psutil.Process:
    """The process that BentoML's supervisor started for one of our services."""
    children = psutil.Process(server.pid).children()
    return next(child for child in children if service in child.cmdline())


def services(server: Server) -> set[tuple[int, float]]:
    """Process id and start of each service: another set is a restart.

    They are the supervisor's children. What those start themselves, such as workers that
    decode, may come and go.
    """
    return {(p.pid, p.create_time()) for p in psutil.Process(server.pid).children()}


def memory_bytes(server: Server) -> tuple[int, dict[str, int]]:
    """Of the supervisor and all below it: their resident sets, and what they asked for.

    Returns:
        RSS of all, which counts shared pages once a process; and of each of `ROLES`, and the
        supervisor, memory that no file backs. USS would count a library's pages, too, for as long
        as no other process of the machine maps the library: OpenVINO's are 28 MiB.
    """
    supervisor = psutil.Process(server.pid)
    rss, anonymous = 0, dict.fromkeys((*ROLES, _SUPERVISOR), 0)
    for process in (supervisor, *supervisor.children(recursive=True)):
        try:
            words, memory = process.cmdline(), _memory(process.pid)
        except (psutil.NoSuchProcess, FileNotFoundError, ProcessLookupError):
            continue
        rss += memory["Rss"]
        role = next((name for name, word in ROLES.items() if word in words), _SUPERVISOR)
        if process == supervisor:
            role = _SUPERVISOR
        anonymous[role] += memory["Pss_Anon"] + memory["Pss_Shmem"] + memory["SwapPss"]
    return rss, anonymous


def _memory(pid: int) -> dict[str, int]:
    """Bytes, by the kernel's names (proc_pid_smaps_rollup(5)); all 0 of what has just ended."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    names_and_kb = (line.split()[:2] for line in lines)
    return Counter({name.rstrip(":"): int(kb) * 1024 for name, kb in names_and_kb})
