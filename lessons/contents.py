"""The lessons, in their order."""

from collections.abc import Callable
from typing import Any

from lessons import first_layer, gallery, shift, slash, sliding, weighted_sum
from lessons.backpropagation import lesson as backpropagation
from lessons.digits import figures as digits_figures
from lessons.digits import lesson as digits
from lessons.digits import training as digits_training
from lessons.imagenet import lesson as imagenet
from lessons.imagenet import nesting
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
    Kept("digits", digits_figures.Figures, digits_training.train, digits.lesson),
    Kept("imagenet", nesting.Nesting, nesting.nest, imagenet.lesson),
)


def kept() -> list[Kept[Any]]:
    """Those that train."""
    return [lesson for lesson in LESSONS if isinstance(lesson, Kept)]
