"""The lessons, in their order."""

from collections.abc import Callable
from typing import Any

from lessons import (
    alexnet,
    backpropagation,
    digits,
    families,
    first_layer,
    gallery,
    imagenet,
    shift,
    shortcuts,
    slash,
    sliding,
    vgg,
    weighted_sum,
)
from lessons.kept import Kept
from lessons.lesson import Lesson

# `module.lesson` where a lesson computes at once, `Kept(...)` where it trains first.
LESSONS: tuple[Callable[[], Lesson], ...] = (
    weighted_sum.lesson,
    slash.lesson,
    sliding.lesson,
    gallery.lesson,
    shift.lesson,
    Kept("gabor", first_layer.Figures, first_layer.train, first_layer.lesson),
    backpropagation.lesson,
    Kept("digits", digits.Figures, digits.train, digits.lesson),
    Kept("alexnet", alexnet.Figures, alexnet.train, alexnet.lesson),
    vgg.lesson,
    Kept("shortcuts", shortcuts.Figures, shortcuts.train, shortcuts.lesson),
    Kept("families", families.Figures, families.train, families.lesson),
    Kept("imagenet", imagenet.Nesting, imagenet.nest, imagenet.lesson),
)


def kept() -> list[Kept[Any]]:
    """Those that train."""
    return [lesson for lesson in LESSONS if isinstance(lesson, Kept)]
