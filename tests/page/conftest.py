"""A real browser on the page of a live server."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from benchmarks import chromium

expect.set_options(timeout=20_000)  # the machine may be busy


# Not for the session: while Playwright is there, its event loop runs in this thread, and no
# other test could start one.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Chromium, one for all tests of the page."""
    if chromium.find() is None:
        pytest.skip(chromium.HOW_TO_GET_ONE)
    with sync_playwright() as playwright, chromium.launch(playwright) as browser:
        yield browser
