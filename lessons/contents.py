"""The lessons, in their order."""

from collections.abc import Callable

from lessons.kept import Kept
from lessons.lesson import Lesson

# `module.lesson` where a lesson computes at once, `Kept(...)` where it trains first.
LESSONS: tuple[Callable[[], Lesson], ...] = ()


def kept() -> list[Kept]:
    """Those that train."""
    return [lesson for lesson in LESSONS if isinstance(lesson, Kept)]
