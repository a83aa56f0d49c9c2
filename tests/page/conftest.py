"""A real browser on the page of a live server."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from benchmarks import chromium
from tests import pictures
from tests.live_server import Server
from tests.page.watched import watched
from tests.pictures import BLUE, GREEN, RED

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


@pytest.fixture
def page(browser: Browser, server: Server) -> Iterator[Page]:
    """The page, opened anew, on a desktop."""
    with watched(browser, server.url) as page:
        yield page


@pytest.fixture(scope="package")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures of known answers, and what is none."""
    folder = tmp_path_factory.mktemp("pictures")
    for name, data in {
        "cat.png": pictures.plain(RED),
        "dog.jpg": pictures.plain(BLUE, "JPEG"),
        "green.webp": pictures.plain(GREEN, "WEBP"),
        "cat.tiff": pictures.plain(RED, "TIFF"),
        "broken.jpg": pictures.truncated_jpeg(),
        "notes.txt": b"not a picture",
        "=cmd().png": pictures.plain(RED),
        'with, comma and "quotes".png': pictures.plain(BLUE),
    }.items():
        (folder / name).write_bytes(data)
    return folder
