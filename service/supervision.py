"""BentoML's supervisor, more careful of its processes, and of who commands it."""

import logging
import os
import shutil
import signal
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import mkdtemp
from threading import Thread
from typing import Any

from bentoml._internal.utils import circus
from circus.arbiter import Arbiter
from circus.util import synchronized
from circus.watcher import Watcher
from tornado import gen

CHECK_DELAY_S = 1.0  # of the supervisor for its processes, and of these for it
ASK_AGAIN_S = 0.1

logger = logging.getLogger(__name__)


class _Careful(circus.Arbiter):
    """Takes orders from its own user alone, looks often, gives up on no process, keeps sockets to
    the end, and shares its metrics with no other server.

    BentoML has it listen for orders on a TCP port, on which whoever reaches 127.0.0.1 may have it
    run any command. It looks every 10 s, so that a process that died would be missed for 5 s on
    average before another is started; and where that cannot be, as there is no memory or no
    descriptor at the moment, it ends all others. A hang-up it takes for an order to start all
    anew, beside the old ones. On SIGTERM it removes the Unix sockets first of all, while
    requests that were accepted still have to reach the network through them. And all servers of
    one BENTOML_HOME write their metrics into one folder, which each empties when it starts.
    There are no settings for any of it.
    """

    def __init__(self, watchers: Sequence[Any], **kwargs: Any) -> None:
        private = Path(mkdtemp(prefix="catdog-"))  # for its owner only
        ends = {
            "endpoint": f"ipc://{private}/orders",
            "pubsub_endpoint": f"ipc://{private}/events",
            "check_delay": CHECK_DELAY_S,
        }
        self._heeds_hangups = signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN  # as by nohup
        super().__init__(watchers, **{**kwargs, **ends})
        self.exit_stack.callback(shutil.rmtree, private, ignore_errors=True)
        (private / "metrics").mkdir()
        for watcher in watchers:
            watcher.env["PROMETHEUS_MULTIPROC_DIR"] = str(private / "metrics")
            watcher.spawn_process = _patient(watcher)

    def start(self, cb: Callable[[Any], Any] | None = None) -> None:
        try:
            super().start(cb)
        finally:
            self.exit_stack.close()

    def stop(self) -> Any:
        """Once nothing else is being done: circus would refuse, and forget the order."""
        if self._exclusive_running_command and not self._stopping:
            self.loop.call_later(ASK_AGAIN_S, self.stop)
            return None
        return Arbiter.stop(self)

    def reload(self, graceful: bool = True, sequential: bool = False) -> Any:
        """What a hang-up asks for: the terminal is gone, and so are we, unless it was to be so."""
        del graceful, sequential
        return self.stop() if self._heeds_hangups else None

    def manage_watchers(self) -> Any:
        """Replace what has died, unless all are being started or stopped just now."""
        return None if self._exclusive_running_command else self._manage_watchers()

    @synchronized("manage_watchers")  # type: ignore[untyped-decorator]  # circus has no types
    @gen.coroutine
    def _manage_watchers(self) -> Any:
        self.reap_processes()
        for watcher in self.iter_watchers():
            if watcher.is_stopped():  # as it is when its first process could not be started
                yield watcher._start()
        yield [watcher.manage_processes() for watcher in self.iter_watchers()]


def _patient(watcher: Watcher) -> Callable[..., Any]:
    """Its `spawn_process`, after whose failure there is another try at the next look."""
    spawn = watcher.spawn_process

    def spawn_or_wait(*args: Any) -> Any:
        started = spawn(*args)
        if started is False:
            logger.error("%s could not be started; tried again in a second", watcher.name)
            return True
        return started

    return spawn_or_wait


def install() -> None:
    """For who is about to start the supervisor, in its process."""
    circus.Arbiter = _Careful


def end_with_it() -> None:
    """For a process of the supervisor's: go as on SIGTERM once that was killed, who could not say.

    Nobody would start it anew, end it, or let another server have its port.
    """
    supervisor = os.getppid()

    def watch() -> None:
        while os.getppid() == supervisor:
            time.sleep(CHECK_DELAY_S)
        logger.error("The supervisor, process %d, was killed; this process ends", supervisor)
        os.kill(os.getpid(), signal.SIGTERM)

    Thread(target=watch, name="watch the supervisor", daemon=True).start()
