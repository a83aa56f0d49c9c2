"""What people do with a page."""

import base64
from collections.abc import Sequence

from playwright.sync_api import Locator, Page, expect

from tests import known_network
from tests.pictures import RGB

_COPY = """async (encoded) => {
    const bytes = Uint8Array.from(atob(encoded), (c) => c.charCodeAt(0));
    const blob = new Blob([bytes], {type: "image/png"});
    await navigator.clipboard.write([new ClipboardItem({"image/png": blob})]);
}"""


def copy(page: Page, png: bytes) -> None:
    """Put a picture into the clipboard."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.evaluate(_COPY, base64.b64encode(png).decode())


def card(page: Page, name: str) -> Locator:
    """The card of the picture of this name."""
    return page.locator(".card").filter(has=page.get_by_role("heading", name=name, exact=True))


def expect_answer(page: Page, name: str, label: str, rgb: RGB) -> None:
    """The card says the known network's answer to a picture of one colour."""
    p = known_network.p_cat(rgb)
    confidence = {
        "cat": f"{100 * p:.1f} % sure",
        "dog": f"{100 * (1 - p):.1f} % sure",
        "neither": f"{100 * known_network.novelty(rgb):.1f} % unlike either",
    }
    verdicts = {"cat": "Cat", "dog": "Dog", "neither": "Neither cat nor dog"}
    expect(card(page, name).locator(".verdict")).to_have_text(verdicts[label])
    expect(card(page, name).locator(".sure")).to_have_text(confidence[label])


def expect_settled(page: Page, n: int) -> None:
    """So many pictures are there, each with an answer or a refusal."""
    settled = page.locator(".card:is([data-state=answered], [data-state=refused])")
    expect(settled).to_have_count(n)
    expect(page.locator(".card")).to_have_count(n)


def column(page: Page, n: int) -> Sequence[str]:
    """The cells of a column of the table, 0 is the first."""
    return page.locator(f"#table tbody tr > :nth-child({n + 1})").all_inner_texts()
