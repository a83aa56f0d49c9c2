"""A page whose every complaint fails the test."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, Page

DESKTOP = {"viewport": {"width": 1200, "height": 860}}
PHONE = {
    "viewport": {"width": 360, "height": 740},
    "is_mobile": True,
    "has_touch": True,
}


@contextmanager
def watched(browser: Browser, url: str, **options: Any) -> Iterator[Page]:
    """The page at `url`, in a context of its own, once it knows its model.

    Afterwards: no script of it failed, and nothing met the content security policy.
    """
    complaints: list[str] = []
    with browser.new_context(**DESKTOP | options) as context:
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console",
            lambda message: (
                complaints.append(message.text)
                if "Content Security Policy" in message.text
                else None
            ),
        )
        page.goto(url)
        page.locator("#model-figures dt").first.wait_for()
        yield page
    assert complaints == []
