"""What lessons show: numbers in a grid, code, pictures. HTML without a style or a script."""

import inspect
from collections.abc import Callable, Collection, Sequence
from html import escape
from textwrap import dedent

import numpy as np
from PIL import Image

from service.drawing import data_uri

MINUS = "\N{MINUS SIGN}"
Place = tuple[int, int]


def matrix(
    numbers: np.ndarray | Sequence[Sequence[float]],
    meaning: str,
    marked: Collection[Place] = (),
) -> str:
    """A grid of numbers.

    Args:
        numbers: (H, W).
        meaning: what it is, for who cannot see it: `the picture, 5 by 5`.
        marked: (row, column) of those to point out, from 0.
    """
    rows = "".join(
        f"<tr>{''.join(_cell(n, (i, j) in marked) for j, n in enumerate(row))}</tr>"
        for i, row in enumerate(np.asarray(numbers).tolist())
    )
    table = f'<table class="matrix" aria-label="{escape(meaning)}"><tbody>{rows}</tbody></table>'
    return f'<div class="scroll">{table}</div>'


def _cell(number: float, is_marked: bool) -> str:
    text = written(number)
    return f"<td><mark>{text}</mark></td>" if is_marked else f"<td>{text}</td>"


def written(number: float) -> str:
    """With a true minus sign, and no more digits than it needs."""
    return f"{number:g}".replace("-", MINUS)


def code(*sources: Callable[..., object] | type | str) -> str:
    """What runs, as it is written: functions and classes by themselves, or text."""
    texts = [s if isinstance(s, str) else dedent(inspect.getsource(s)) for s in sources]
    text = "\n\n".join(t.strip() for t in texts)
    return f"<pre><code>{escape(text)}</code></pre>"


def picture(pixels: np.ndarray, meaning: str, width: int = 160, name: str = "") -> str:
    """A small picture inside the page, enlarged so that each pixel can be seen.

    Args:
        pixels: (H, W) or (H, W, 3) uint8.
        meaning: what it shows, for who cannot see it; empty if that is said beside it.
        width: in CSS pixels.
        name: for the scripts that show another in its place.
    """
    named = f' data-name="{escape(name)}"' if name else ""
    height = round(width * pixels.shape[0] / pixels.shape[1])
    return (
        f'<img class="pixels"{named} src="{data_url(pixels)}" alt="{escape(meaning)}" '
        f'width="{width}" height="{height}">'
    )


def data_url(pixels: np.ndarray) -> str:
    """(H, W) or (H, W, 3) uint8 as a PNG in a `data:` URL.

    Stored, not compressed: what a compressor makes of the same pixels depends on its version.
    """
    return data_uri(Image.fromarray(pixels), "PNG", compress_level=0)


def figure(content: str, caption: str) -> str:
    """Content with a caption below it; the caption is HTML."""
    return f"<figure>{content}<figcaption>{caption}</figcaption></figure>"


def figures(*content: str) -> str:
    """Figures beside each other, where there is room."""
    return f'<div class="figure-row">{"".join(content)}</div>'
