"""Fewer of many, from all over them."""

from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


def every_nth(items: Sequence[T], most: int) -> Sequence[T]:
    """Every second, third ... of them, so that at most `most` are left; all, if that is enough."""
    return items[:: max(1, len(items) // most)][:most]
