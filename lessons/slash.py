"""The smallest detector there is: one weighted sum that tells a slash from a backslash.

The kernel is a picture of what it looks for: 1 where light is expected, -1 where dark is.
"""

import numpy as np

from lessons.lesson import Lesson
from lessons.markup import code, figure, figures, matrix, picture, written
from lessons.weighted_sum import weighted_sum

KERNEL = np.array([[1, -1], [-1, 1]])
BACKSLASH = np.array([[1, -1], [-1, 1]])  # 1 is white, -1 black
SLASH = np.array([[-1, 1], [1, -1]])


def response(picture: np.ndarray) -> float:
    """4 for a backslash, -4 for a slash, between them for what is neither."""
    return weighted_sum(picture, KERNEL)


def flipped(picture: np.ndarray, row: int, column: int) -> np.ndarray:
    """The same picture, (2, 2) of 1 and -1, with one pixel the other way round."""
    result = picture.copy()
    result[row, column] *= -1
    return result


def lesson() -> Lesson:
    """Four pictures and what the detector says."""
    shown = (
        ("a backslash", BACKSLASH),
        ("a slash", SLASH),
        ("one pixel flipped", flipped(BACKSLASH, 0, 1)),
        ("one pixel flipped", flipped(SLASH, 0, 0)),
    )
    return Lesson(
        "slash",
        "A detector of slashes",
        f"""
<p>Pictures of 2 by 2 pixels, white being 1 and black −1. This kernel is to find backslashes:</p>
{figures(figure(matrix(KERNEL, "the kernel"), "the kernel"))}
<p>Where picture and kernel agree, a product is 1, else −1. So the sum is the number of pixels that
agree less the number that don't:</p>
{figures(*(_shown(name, pixels) for name, pixels in shown))}
<p>Four pixels agree: 4. None does: −4, as sure of the opposite. With one pixel wrong it is still
2 or −2: a detector does not break at the first speck of dust, it becomes less sure.</p>
{code(response)}
""",
    )


def _shown(name: str, pixels: np.ndarray) -> str:
    grey = np.where(pixels > 0, 255, 0).astype(np.uint8)
    seen = picture(grey, name, 72)
    numbers = matrix(pixels, "the numbers of its pixels")
    said = f'<output class="number">{written(response(pixels))}</output>'
    return figure(f"{seen}{numbers}{said}", name)
