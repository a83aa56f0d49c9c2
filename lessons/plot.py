"""Charts of the lessons: matplotlib's, as SVG inside the page, legible in light and dark.

The page forbids `style` attributes (service/lessons.py), and SVG has attributes of its own
for what they say.
"""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from training.canvas import COLOUR, FAINT, INK, SIZE_INCHES
from training.canvas import draw as draw_svg

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["COLOUR", "FAINT", "INK", "draw"]

DOTS_AN_INCH = 96  # CSS pixels


def draw(
    name: str,
    meaning: str,
    plot: Callable[["Axes"], None],
    size_inches: tuple[float, float] = SIZE_INCHES,
) -> str:
    """Draw one pair of axes; the same figures give the same bytes.

    Args:
        name: of the chart, one of its own on the page.
        meaning: what a reader who cannot see it should know.
        plot: draws on the axes; `INK` becomes the page's text colour.
        size_inches: width and height; fonts are in points.
    Returns:
        An `svg` element that scales with its container.
    """
    opening, drawing = str(draw_svg(name, meaning, plot, size_inches)).split(">", 1)
    opening = re.sub(r' style="[^"]*"', "", opening)
    drawing = re.sub(r' style="([^"]*)"', lambda m: _attributes(m[1]), drawing)
    return f'{opening} class="chart" width="{DOTS_AN_INCH * size_inches[0]:g}">{drawing}'


def _attributes(style: str) -> str:
    """`fill: none; stroke: #000000` as ` fill="none" stroke="#000000"`."""
    pairs = (part.split(":", 1) for part in style.split(";") if part.strip())
    return "".join(f' {name.strip()}="{value.strip()}"' for name, value in pairs)
