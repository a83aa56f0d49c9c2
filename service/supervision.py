"""BentoML's supervisor, in two things more careful of its processes than it is by itself."""

from collections.abc import Callable
from typing import Any

from bentoml._internal.utils import circus
from circus.arbiter import Arbiter

CHECK_DELAY_S = 1.0


class _Careful(circus.Arbiter):
    """Looks after its processes every second, and keeps their sockets until they are gone.

    BentoML has it look every 10 s, so that a process that died would be missed for 5 s on
    average before another is started. And on SIGTERM it removes the Unix sockets first of
    all, while requests that were accepted still have to reach the network through them.
    There are no settings for either.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "check_delay": CHECK_DELAY_S})

    def start(self, cb: Callable[[Any], Any] | None = None) -> None:
        try:
            super().start(cb)
        finally:
            self.exit_stack.close()

    def stop(self) -> Any:
        return Arbiter.stop(self)


def be_careful() -> None:
    """For who is about to start the supervisor, in its process."""
    circus.Arbiter = _Careful
