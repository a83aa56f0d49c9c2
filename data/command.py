"""How the commands of this package end."""

import sys
from collections.abc import Callable

from data.errors import DataError


def status_of(work: Callable[[], None]) -> int:
    """Do it, and say what went wrong.

    Returns:
        exit status: 0, 1 for what the user can mend, 130 where they interrupted it.
    """
    try:
        work()
    except DataError as exc:
        print(f"Error: {exc}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        return 130
    return 0
