"""Storage fails now and then: ask again, each time a little later."""

import errno
import random
import time
from collections.abc import Callable
from typing import TypeVar

from aiohttp import ClientError, ClientResponseError

T = TypeVar("T")

TRIES = 8  # where one read in ten fails by chance, one picture in a hundred million is lost
FIRST_WAIT_S = 0.1
LONGEST_WAIT_S = 5.0
# What another try will not change. An object store's refusals have no class of their own.
_FINAL = (FileNotFoundError, PermissionError, IsADirectoryError, NotADirectoryError)
_FINAL_WORDS = ("ACCESS_DENIED", "NO_SUCH_BUCKET", "INVALID_ACCESS_KEY_ID")
_PASSING_STATUSES = (408, 429)  # of those from 400 to 499


def persistently(attempt: Callable[[], T]) -> T:
    """Do it until it works, `TRIES` times at most, some ten seconds in all.

    Raises:
        OSError: of the last try, or one that says no.
    """
    for tries in range(TRIES):
        try:
            return attempt()
        except (OSError, ClientError) as exc:
            if tries == TRIES - 1 or _is_final(exc):
                if isinstance(exc, OSError):
                    raise
                raise OSError(str(exc)) from exc
            wait_s = min(FIRST_WAIT_S * 2**tries, LONGEST_WAIT_S)
            # Apart from one another, so that all who failed at once don't come back at once.
            time.sleep(wait_s * random.uniform(0.5, 1))  # noqa: S311 - to spread retries, not to be secret
    raise AssertionError("the last try returns or raises")


def _is_final(error: OSError | ClientError) -> bool:
    if isinstance(error, ClientResponseError):  # fsspec's, of an HTTP server
        return 400 <= error.status < 500 and error.status not in _PASSING_STATUSES
    is_endless = isinstance(error, OSError) and error.errno == errno.ELOOP  # a link to itself
    is_final = is_endless or isinstance(error, _FINAL)
    return is_final or any(word in str(error) for word in _FINAL_WORDS)
