"""SIGTERM: what was accepted is answered, what is new is refused, then we go.

BentoML's supervisor sends the signal to all its processes at once. The one that speaks HTTP
then answers what it has accepted, and needs the network for that: so the network goes last.
"""

import asyncio
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from types import FrameType

import psutil

SIGNALS = (signal.SIGTERM, signal.SIGINT)  # those that uvicorn heeds
Handler = Callable[[int, FrameType | None], object] | int | None  # what `getsignal` returns


def go_last(first: str, timeout_s: float) -> None:
    """Heed SIGTERM only when the processes of another service are gone.

    Args:
        first: that service's name; its processes have the same supervisor.
        timeout_s: go after so long in any case.
    """
    supervisor = os.getppid()

    def stop(go: Callable[[], None]) -> None:
        def wait_and_go() -> None:
            psutil.wait_procs(_processes(supervisor, first), timeout=timeout_s)
            go()

        threading.Thread(target=wait_and_go, daemon=True).start()

    _on_stop(stop)


def refuse_new_connections() -> None:
    """On SIGTERM, have the kernel refuse who connects from now on.

    Otherwise they wait in vain: the supervisor holds the listening socket open until its
    last process is gone, and nobody accepts. To be called in the event loop that serves.
    """
    loop = asyncio.get_running_loop()
    descriptor = _listening_descriptor()

    def refuse() -> None:
        assert descriptor is not None
        loop.remove_reader(descriptor)
        with socket.socket(fileno=os.dup(descriptor)) as listener:
            listener.shutdown(socket.SHUT_RDWR)

    def stop(go: Callable[[], None]) -> None:
        if descriptor is not None:
            loop.call_soon_threadsafe(refuse)
        go()

    _on_stop(stop)


def _on_stop(stop: Callable[[Callable[[], None]], None]) -> None:
    """Have `stop` called on the first of each signal; its argument does what was done so far."""
    if threading.current_thread() is not threading.main_thread():
        return  # a server in a test's thread: signals are not for it
    for number in SIGNALS:
        before = signal.getsignal(number)

        def handle(number: int, _: FrameType | None, before: Handler = before) -> None:
            signal.signal(number, before)
            stop(lambda: os.kill(os.getpid(), number))

        signal.signal(number, handle)


def _processes(supervisor: int, service: str) -> list[psutil.Process]:
    """Those that BentoML's supervisor started for a service."""
    try:
        children = psutil.Process(supervisor).children()
        return [child for child in children if service in child.cmdline()]
    except psutil.Error:  # the supervisor, or a child, is gone already
        return []


def _listening_descriptor() -> int | None:
    """That of the socket that BentoML's supervisor made for this process."""
    try:
        return int(sys.argv[sys.argv.index("--fd") + 1])
    except (ValueError, IndexError):
        return None
