"""The first load: small, of one origin, and nothing moves, not then nor later."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from benchmarks.chromium import drop
from tests.live_server import Server
from tests.page.gestures import expect_settled
from tests.page.watched import DESKTOP, PHONE, watched

MAX_BYTES = 150_000
MAX_SHIFT = 0.1  # of the cumulative layout shift: past it, Web Vitals call it a nuisance

_OBSERVE = """
window.shift = 0;
new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) window.shift += entry.value;
}).observe({type: "layout-shift", buffered: true});
"""


def test_first_load_is_under_150_kb_and_all_from_here(browser: Browser, server: Server) -> None:
    with browser.new_context() as context:
        page = context.new_page()
        session = context.new_cdp_session(page)
        session.send("Network.enable")
        asked: list[str] = []
        came: list[int] = []
        session.on("Network.requestWillBeSent", lambda e: asked.append(e["request"]["url"]))
        session.on("Network.loadingFinished", lambda e: came.append(int(e["encodedDataLength"])))
        page.goto(server.url, wait_until="networkidle")
        page.mouse.wheel(0, 5000)
        expect(page.locator("#model-figures dt").first).to_be_visible()
        assert len(came) == len(asked) > 20
        assert sum(came) < MAX_BYTES
        assert [url for url in asked if not url.startswith(f"{server.url}/")] == []


@pytest.mark.parametrize("device", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_nothing_moves_while_it_loads_or_while_answers_arrive(
    browser: Browser, server: Server, folder: Path, device: dict[str, Any]
) -> None:
    with watched(browser, server.url, **device) as page:
        page.add_init_script(_OBSERVE)
        page.reload(wait_until="networkidle")
        assert page.evaluate("() => window.shift") < MAX_SHIFT / 10
        drop(page, folder / "cat.png", folder / "dog.jpg", folder / "broken.jpg")
        expect_settled(page, 3)
        assert page.evaluate("() => window.shift") < MAX_SHIFT
