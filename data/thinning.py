"""Fewer of many, from all over them."""

from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


def evenly(items: Sequence[T], most: int) -> Sequence[T]:
    """At most so many of the items, evenly spread from the first to the last, in their order.

    Rows lie in the order of paths, cats before dogs: what left out the end left out dogs.
    """
    if len(items) <= most:
        return items
    if most == 1:
        return items[:1]
    return [items[round(i * (len(items) - 1) / (most - 1))] for i in range(most)]
