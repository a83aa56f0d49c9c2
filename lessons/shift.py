"""A kernel that moves the picture: all weights 0 but one.

Slid as networks do (cross-correlation), a single 1 at row 1, column 3 of a 5 x 5 kernel, counted
from 0, copies to each place what lies one row above and one column to the right of it: the picture
moves down and to the left. Turned by 180 degrees first, as mathematicians convolve, it moves up
and to the right. The lecture's numbers are those of the cross-correlation.
"""

import numpy as np

from lessons.convolution import convolve, correlate
from lessons.lesson import Lesson
from lessons.markup import code, figure, figures, matrix, picture
from lessons.photograph import as_uint8, photograph

PICTURE = np.array(
    [
        [22, 15, 1, 3, 60],
        [42, 5, 38, 39, 7],
        [28, 9, 4, 66, 79],
        [0, 82, 45, 12, 17],
        [99, 14, 72, 51, 3],
    ]
)
SIDE, ROW, COLUMN = 5, 1, 3
PADDING = SIDE // 2  # so that the result is as large as the picture


def moving_kernel(row: int, column: int) -> np.ndarray:
    """(5, 5): a single 1."""
    kernel = np.zeros((SIDE, SIDE), int)
    kernel[row, column] = 1
    return kernel


def moved(picture: np.ndarray, row: int, column: int) -> np.ndarray:
    """The picture, (H, W), moved by (2 - row, 2 - column); zeros come in from outside."""
    return correlate(picture, moving_kernel(row, column), padding=PADDING)


def lesson() -> Lesson:
    """The lecture's numbers, which way it goes, and a photograph (scripts/shift.js)."""
    kernel, result = moving_kernel(ROW, COLUMN), moved(PICTURE, ROW, COLUMN)
    turned = convolve(PICTURE, kernel, padding=PADDING)
    centre = [(r, c) for r in (1, 2, 3) for c in (1, 2, 3)]
    source = [(r - 1, c + 1) for r, c in centre]
    cat = photograph("cat")
    moved_cat = np.dstack([moved(channel, ROW, COLUMN) for channel in np.moveaxis(cat, 2, 0)])
    return Lesson(
        "shift",
        "A kernel that moves the picture",
        f"""
<p>What does this kernel do? It has a single 1, in row 1 and column 3, counted from 0: one up and
one to the right of its middle. So each place of the result gets what was one up and one to the
right of it. The whole picture moves down and to the left:</p>
{
            figures(
                figure(matrix(PICTURE, "the picture", source), "the picture"),
                figure(matrix(kernel, "the kernel", [(ROW, COLUMN)]), "the kernel"),
                figure(matrix(result, "the result", centre), "the result; its centre is marked"),
            )
        }
<p>Two rings of zeros lie around the picture here (padding 2), or a 5 by 5 kernel would fit in one
place only. The zeros above and on the right are seen coming in.</p>
<h3>Convolution or cross-correlation?</h3>
<p>Strictly, this was <strong>cross-correlation</strong>: the kernel is laid on the picture as it
is. Convolution, as mathematicians write it, turns the kernel by 180 degrees first, and then the
picture moves the other way:</p>
{
            figures(
                figure(
                    matrix(kernel[::-1, ::-1], "the kernel turned", [(3, 1)]), "the kernel, turned"
                ),
                figure(matrix(turned, "its result", centre), "up and to the right"),
            )
        }
<p>A network learns its weights, so it may as well learn them turned: everybody leaves the turning
out, and calls it convolution all the same.</p>
{code(moving_kernel, moved)}
<h3>On a photograph</h3>
<div class="chooser"></div>
{
            figures(
                figure(picture(cat, "the photograph", 192, "original"), "before"),
                figure(picture(as_uint8(moved_cat), "the same, moved", 192, "moved"), "after"),
            )
        }
<div id="mover" hidden></div>
""",
    )
