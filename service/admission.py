"""A bound on the requests worked on at once: a short no now beats a yes that comes too late."""

from types import TracebackType

from service import problems
from service.problems import Problem


class Admission:
    """A context that only so many can be in. For one event loop; not thread-safe."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._inside = 0

    def __enter__(self) -> None:
        """Raises: Problem: 429, as many as are allowed are inside already."""
        if self._inside >= self._most:
            detail = f"{self._inside} requests are being worked on, the most at once. Retry later."
            raise Problem(problems.TOO_MANY_REQUESTS, detail)
        self._inside += 1

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._inside -= 1
