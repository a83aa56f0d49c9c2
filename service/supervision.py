"""BentoML's supervisor, in three things more careful of its processes than by itself."""

import shutil
from collections.abc import Callable, Sequence
from tempfile import mkdtemp
from typing import Any

from bentoml._internal.utils import circus
from circus.arbiter import Arbiter

CHECK_DELAY_S = 1.0


class _Careful(circus.Arbiter):
    """Looks often, keeps sockets to the end, and shares its metrics with no other server.

    BentoML has it look every 10 s, so that a process that died would be missed for 5 s on
    average before another is started. On SIGTERM it removes the Unix sockets first of all,
    while requests that were accepted still have to reach the network through them. And all
    servers of one BENTOML_HOME write their metrics into one folder, which each empties when
    it starts. There are no settings for any of it.
    """

    def __init__(self, watchers: Sequence[Any], **kwargs: Any) -> None:
        super().__init__(watchers, **{**kwargs, "check_delay": CHECK_DELAY_S})
        metrics = mkdtemp(prefix="catdog-metrics-")
        self.exit_stack.callback(shutil.rmtree, metrics, ignore_errors=True)
        for watcher in watchers:
            watcher.env["PROMETHEUS_MULTIPROC_DIR"] = metrics

    def start(self, cb: Callable[[Any], Any] | None = None) -> None:
        try:
            super().start(cb)
        finally:
            self.exit_stack.close()

    def stop(self) -> Any:
        return Arbiter.stop(self)


def install() -> None:
    """For who is about to start the supervisor, in its process."""
    circus.Arbiter = _Careful
