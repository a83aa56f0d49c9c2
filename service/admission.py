"""Bounds on what all requests hold together: a short no now beats a yes that comes too late."""

import asyncio
from collections.abc import Callable
from types import TracebackType

from service.problems import Problem

REFUSALS = 4  # in each pass of the event loop


class Budget:
    """So much of something, such as pictures or bytes. For one event loop; not thread-safe."""

    def __init__(
        self,
        limit: Callable[[], int],
        refusal: Callable[[], Problem],
        observe: Callable[[int], None] = lambda _: None,
    ) -> None:
        """Set it up.

        Args:
            limit: says how much there is, each time that it matters.
            refusal: makes what is raised when it is spent.
            observe: is told how much is spent, each time that some is taken or given back.
        """
        self._limit = limit
        self._refusal = refusal
        self._observe = observe
        self._spent = 0
        self._turn = asyncio.Semaphore(REFUSALS)

    async def refuse_if_spent(self) -> None:
        """Refuse a few in each pass of the event loop; let in who waits until a place is free.

        A crowd that comes again as soon as it is refused would fill every pass, and an accepted
        request needs several of them from its first byte to its answer's last.

        Raises:
            Problem: nothing is left.
        """
        if self._is_spent():
            async with self._turn:
                await asyncio.sleep(0)
                if self._is_spent():
                    raise self._refusal()

    def _is_spent(self) -> bool:
        return self._spent >= self._limit()

    def share(self) -> "Share":
        """What one request takes of it, and gives back."""
        return Share(self)

    def _take(self, amount: int, before: int) -> None:
        # Who has all that is taken so far, `before`, may take more than there is: nobody else
        # needs it, and what is larger than the whole budget would otherwise never have it.
        if self._spent > before and self._spent + amount > self._limit():
            raise self._refusal()
        self._spent += amount
        self._observe(self._spent)

    def _give_back(self, amount: int) -> None:
        self._spent -= amount
        self._observe(self._spent)


class Share:
    """A context: what is taken within it is given back at its end."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._taken = 0

    def take(self, amount: int) -> None:
        """Raises: Problem: that much is not left, and others have some of it."""
        self._budget._take(amount, self._taken)
        self._taken += amount

    def __enter__(self) -> "Share":
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._budget._give_back(self._taken)
