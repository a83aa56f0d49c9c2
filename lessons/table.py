"""Tables of the page."""

from collections.abc import Sequence
from html import escape

from lessons.counting import Layer
from lessons.pets.noise import wilson


def table(
    caption: str, headings: Sequence[str], rows: Sequence[Sequence[str]], *, words: int = 1
) -> str:
    """The first column names its row. On a narrow screen it scrolls, by the keyboard too.

    Args:
        caption: plain text, as all of it.
        words: how many columns, from the first, are words; the others hold numbers.
    """

    def cell(i: int, text: str, of_head: bool) -> str:
        kind = ' class="number"' if i >= words else ""
        if of_head or i == 0:
            scope = "col" if of_head else "row"
            return f'<th scope="{scope}"{kind}>{escape(text)}</th>'
        return f"<td{kind}>{escape(text)}</td>"

    def line(texts: Sequence[str], of_head: bool = False) -> str:
        return f"<tr>{''.join(cell(i, text, of_head) for i, text in enumerate(texts))}</tr>"

    return (
        f'<figure><table tabindex="0"><caption>{escape(caption)}</caption>'
        f"<thead>{line(headings, True)}</thead>"
        f"<tbody>{''.join(line(row) for row in rows)}</tbody></table></figure>"
    )


def layers_table(caption: str, layers: Sequence[Layer]) -> str:
    """A network's layers with weights, and their sums."""
    rows = [
        (
            layer.kind,
            " x ".join(str(n) for n in layer.out),
            f"{layer.parameters:,}",
            millions(layer.multiply_adds),
        )
        for layer in layers
    ]
    parameters = sum(layer.parameters for layer in layers)
    multiply_adds = sum(layer.multiply_adds for layer in layers)
    rows.append(("together", "", f"{parameters:,}", millions(multiply_adds)))
    return table(caption, ("layer", "puts out", "parameters", "multiply-adds"), rows)


def millions(count: int) -> str:
    """`15,466 M`; under one million, the count itself."""
    if count < 1e6:
        return f"{count:,}"
    return f"{count / 1e6:,.1f} M" if count < 100e6 else f"{count / 1e6:,.0f} M"


def percent(right: float, n: int) -> str:
    """`63.5 % (58.7 to 68.1)`, on one line: a share with its 95 % interval."""
    low, high = wilson(right, n)
    text = f"{100 * right / n:.1f} % ({100 * low:.1f} to {100 * high:.1f})"
    return text.replace(" ", "\xa0")
