"""A weighted sum: all that a neuron computes, and all that a convolution is made of.

    sum(x_i * w_i) = x_1 * w_1 + x_2 * w_2 + ... + x_n * w_n

x are the inputs (here: the brightness of pixels), w the weights. An input counts for as much
as its weight says, and against where that is negative.
"""

import numpy as np

from lessons.lesson import Lesson
from lessons.markup import code, figure, figures, matrix, written

PIXELS = np.array([[0, 50, 100], [50, 100, 150], [100, 150, 200]])
WEIGHTS = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])


def weighted_sum_loop(x: np.ndarray, w: np.ndarray) -> float:
    """One product after the other."""
    total = 0.0
    for x_i, w_i in zip(x.flat, w.flat, strict=True):
        total += x_i * w_i
    return total


def weighted_sum(x: np.ndarray, w: np.ndarray) -> float:
    """The same in one call."""
    return float(np.vdot(x, w))


def lesson() -> Lesson:
    """What it is, and that both ways agree."""
    slowly, at_once = weighted_sum_loop(PIXELS, WEIGHTS), weighted_sum(PIXELS, WEIGHTS)
    assert slowly == at_once
    terms = " + ".join(
        f"{x}·{w}" if w >= 0 else f"{x}·({written(w)})"
        for x, w in zip(PIXELS.flat, WEIGHTS.flat, strict=True)
    )
    return Lesson(
        "weighted-sum",
        "A weighted sum",
        f"""
<p>Take some numbers, multiply each by a weight of its own, add it all up. That is the whole
arithmetic of a neuron, and convolution is nothing but this, done in many places.</p>
{
            figures(
                figure(matrix(PIXELS, "nine pixels"), "x: the brightness of nine pixels"),
                figure(matrix(WEIGHTS, "nine weights"), "w: nine weights"),
                figure(f'<output class="number">{at_once:g}</output>', "the sum of all x·w"),
            )
        }
<p class="sum">{terms} = <strong>{at_once:g}</strong></p>
<p>The pixels grow brighter from left to right; the weights count the right side for and the left
side against. So the sum is large: these nine weights <em>ask a question</em>, and the sum is how
much the answer is yes.</p>
<p>As a loop, and as one call of a library that does the same much faster:</p>
{code(weighted_sum_loop, weighted_sum)}
<p>Both say {slowly:g}.</p>
""",
    )
