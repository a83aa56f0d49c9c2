"""Types of command-line arguments, for `argparse`."""

import argparse
from collections.abc import Callable, Collection

from scoring.arguments import positive


def some_of(known: Collection[str]) -> Callable[[str], tuple[str, ...]]:
    """Names with commas between them, in the order in which they are given."""

    def parse(text: str) -> tuple[str, ...]:
        names = tuple(text.split(","))
        if unknown := sorted(set(names) - set(known)):
            raise argparse.ArgumentTypeError(
                f"unknown: {', '.join(unknown)}. There are {', '.join(known)}"
            )
        return names

    return parse


def positives(text: str) -> tuple[int, ...]:
    """Several, with commas between them."""
    return tuple(map(positive, text.split(",")))
