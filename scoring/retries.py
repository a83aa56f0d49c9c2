"""Storage fails now and then: ask again, each time a little later."""

import random
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

TRIES = 8  # where one read in ten fails by chance, one picture in a hundred million is lost
FIRST_WAIT_S = 0.1
LONGEST_WAIT_S = 5.0
# What another try will not change. An object store's refusals have no class of their own.
_FINAL = (FileNotFoundError, PermissionError, IsADirectoryError, NotADirectoryError)
_FINAL_WORDS = ("ACCESS_DENIED", "NO_SUCH_BUCKET", "INVALID_ACCESS_KEY_ID")


def persistently(attempt: Callable[[], T]) -> T:
    """Do it until it works, `TRIES` times at most, some ten seconds in all.

    Raises:
        OSError: of the last try, or one that says no.
    """
    for tries in range(TRIES - 1):
        try:
            return attempt()
        except OSError as exc:
            if isinstance(exc, _FINAL) or any(word in str(exc) for word in _FINAL_WORDS):
                raise
            wait_s = min(FIRST_WAIT_S * 2**tries, LONGEST_WAIT_S)
            # Apart from one another, so that all who failed at once don't come back at once.
            time.sleep(wait_s * random.uniform(0.5, 1))  # noqa: S311 - to spread retries, not to be secret
    return attempt()
