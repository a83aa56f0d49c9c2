"""How the commands of this package take paths, and end."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from data.errors import DataError
from data.source import expanded
from service.names import print_any_name


def status_of(work: Callable[[], None]) -> int:
    """Do it, and say what went wrong.

    Returns:
        exit status: 0, 1 for what the user can mend, 130 where they interrupted it.
    """
    print_any_name()
    try:
        work()
    except DataError as exc:
        print(f"Error: {exc}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        return 130
    return 0


def path(text: str) -> Path:
    """An argument that names a file or a folder, for argparse.

    Raises:
        argparse.ArgumentTypeError: it is empty, which would be the current folder, or begins
            with a home that is not there.
    """
    if not text.strip():
        raise argparse.ArgumentTypeError("it is empty; name a file or a folder")
    try:
        return expanded(text)
    except DataError as exc:
        raise argparse.ArgumentTypeError(str(exc)) from exc
