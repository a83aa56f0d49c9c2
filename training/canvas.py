"""Charts as SVG inside the page: they take its text colour, so they are right in the dark too."""

import io
import re
from collections.abc import Callable
from html import escape
from typing import TYPE_CHECKING

from markupsafe import Markup

from service.drawing import CAT, DOG

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Okabe and Ito's colours (2008), which colour-blind readers tell apart; each has a contrast of
# 3 : 1 or more on the page's light and on its dark ground.
COLOUR = {"cat": f"#{bytes(CAT).hex()}", "dog": f"#{bytes(DOG).hex()}", "neither": "#009e73"}
INK = "#0a0b0c"  # stands for the page's text colour
FAINT = "#7d858f"
ALARM = "#b8508a"

SIZE_INCHES = (4.1, 2.9)  # so that 9 points can be read on a phone 390 pixels wide
GROWTH = 1.2  # at most so much wider than drawn, where there is room

_STYLE: dict[str, object] = {
    "axes.axisbelow": True,
    "axes.edgecolor": FAINT,
    "axes.grid": True,
    "axes.labelcolor": INK,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "font.family": ["DejaVu Sans"],  # comes with matplotlib; the page names others beside it
    "font.size": 9,
    "grid.alpha": 0.25,
    "grid.color": FAINT,
    "grid.linewidth": 0.6,
    "legend.fontsize": 8,
    "legend.framealpha": 0,
    "lines.linewidth": 1.6,
    "svg.fonttype": "none",  # text stays text: smaller, and it can be searched and read aloud
    "text.color": INK,
    "xtick.color": FAINT,
    "xtick.labelcolor": INK,
    "ytick.color": FAINT,
    "ytick.labelcolor": INK,
}
_NOTHING = {"Date": None, "Creator": None, "Format": None, "Type": None}


def draw(
    name: str,
    meaning: str,
    plot: Callable[["Axes"], None],
    size_inches: tuple[float, float] = SIZE_INCHES,
) -> Markup:
    """Draw one pair of axes; the same figures give the same bytes.

    Args:
        name: of the chart, one of its own on the page.
        meaning: what a reader who cannot see it should know.
        plot: draws on the axes.
        size_inches: width and height; fonts are in points.
    Returns:
        An `svg` element that scales with its container.
    """
    from matplotlib import style  # a second, and at times a cache of fonts
    from matplotlib.figure import Figure

    file = io.StringIO()
    with style.context(["default", _STYLE | {"svg.hashsalt": name}]):
        figure = Figure(figsize=size_inches, layout="constrained")
        plot(figure.add_subplot())
        figure.savefig(file, format="svg", transparent=True, metadata=_NOTHING)
    return _inline(file.getvalue(), meaning, size_inches)


def _inline(text: str, meaning: str, size_inches: tuple[float, float]) -> Markup:
    """From a file of its own to an element of the page, which needs less around the drawing."""
    drawing = text[text.index(">", text.index("<svg")) + 1 :]
    drawing = re.sub(
        r"<metadata>.*?</metadata>|<style.*?</style>|<!--.*?-->", "", drawing, flags=re.S
    )
    drawing = re.sub(r'<g id="[^"]*"', "<g", drawing)  # not unique on a page of several charts
    drawing = re.sub(r"font-family: [^;\"]*;? ?", "", drawing)
    drawing = drawing.replace("xlink:href", "href").replace(INK, "currentColor")
    width, height = (72 * side for side in size_inches)  # points, SVG's unit here
    most = f"{GROWTH * size_inches[0]:g}in"
    # In HTML an svg needs no xmlns, so that the page names no address at all.
    opening = (
        f'<svg role="img" aria-label="{escape(meaning)}" viewBox="0 0 {width:g} {height:g}" '
        f'style="max-width: {most}">'
    )
    return Markup(opening + drawing)  # noqa: S704 - matplotlib escapes texts, and we `meaning`
