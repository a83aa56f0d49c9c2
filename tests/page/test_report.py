"""The report of a training run, as a browser colours it."""

import itertools
from typing import Literal

import pytest
from playwright.sync_api import Browser

from training.canvas import ALARM, COLOUR, FAINT
from training.report.page import TEMPLATES

ENOUGH = 4.5  # WCAG 2.2, 1.4.3: of text this small
# [[r, g, b], [r, g, b]]: the figure's colour, and what lies under it.
_COLOURS = """(figure) => {
    const context = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
    const over = [figure.closest(".chart"), figure.closest("td")]
        .map((element) => getComputedStyle(element).backgroundColor);
    const painted = (colours) => {
        for (const colour of colours) {
            context.fillStyle = colour;
            context.fillRect(0, 0, 1, 1);
        }
        return [...context.getImageData(0, 0, 1, 1).data].slice(0, 3);
    };
    return [painted([...over, getComputedStyle(figure).color]), painted(over)];
}"""


def luminance(rgb: list[int]) -> float:
    """WCAG 2.2's, 0 to 1."""
    shares = [value / 255 for value in rgb]
    linear = [s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_shares_in_the_confusion_matrix_can_be_read_however_tinted_their_cells(
    browser: Browser, scheme: Literal["light", "dark"]
) -> None:
    named = {**COLOUR, "alarm": ALARM, "faint": FAINT}
    style = "".join(f"--{name}: {colour};" for name, colour in named.items())
    cells = [
        f'<td class="{kind}" style="--share: {share}"><span class="note">{share}</span></td>'
        for kind, share in itertools.product(("right", "wrong"), (0, 0.05, 0.15, 0.5, 1))
    ]
    html = (
        f"<style>:root {{{style}}} {(TEMPLATES / 'page.css').read_text()}</style>"
        f'<figure class="chart"><table class="confusion"><tr>{"".join(cells)}</table></figure>'
    )
    with browser.new_context(color_scheme=scheme) as context:
        page = context.new_page()
        page.set_content(html)
        figures = page.locator(".note").all()
        assert len(figures) == len(cells)
        for figure in figures:
            ink, ground = (luminance(rgb) + 0.05 for rgb in figure.evaluate(_COLOURS))
            contrast = max(ink, ground) / min(ink, ground)
            assert contrast >= ENOUGH, figure.text_content()
