"""The service wants a key, is busy, is gone, or has a model of old: the page says so."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import psutil
import pytest
from playwright.sync_api import Browser, Page, Route, expect

from benchmarks.chromium import drop
from tests import known_network, live_server, pictures
from tests.live_server import Server
from tests.page.gestures import card, expect_answer, expect_settled
from tests.page.watched import watched
from tests.pictures import BLUE, RED

KEY = "a-key-of-32-characters-or-so-Ł01"  # one of them beyond what JavaScript puts in a header
AUTHORIZATION = {"Authorization": f"Bearer {KEY}".encode()}


class Mortal:
    """A server that can be killed and started again at the same address."""

    def __init__(self, folder: Path, log: Path) -> None:
        self._folder, self._log = folder, log
        keys = folder / "keys"
        keys.write_text(f"{KEY}\n", "utf-8")
        known_network.write_artifact(folder / "artifact", explains=False)
        self._tag = live_server.add_to_store(folder / "artifact", folder / "home")
        self._settings = {"CATDOG_API_KEYS_FILE": str(keys), "CATDOG_MAX_IN_FLIGHT": "1"}
        self._stack = ExitStack()
        self.server: Server
        self.start()

    def start(self, port: int | None = None) -> None:
        run = live_server.running(
            self._folder / "home", self._log, self._tag, port, **self._settings
        )
        self.server = self._stack.enter_context(run)

    def freeze(self) -> None:
        """Let it take connections and answer none."""
        supervisor = psutil.Process(self.server.pid)
        self._frozen = [supervisor, *supervisor.children(recursive=True)]
        for process in self._frozen:
            process.suspend()

    def kill(self) -> None:
        """After `freeze`: all of its processes, so that none starts another."""
        for process in self._frozen:
            process.kill()
        self.server.wait(20)

    def stop(self) -> None:
        self._stack.close()


@pytest.fixture(scope="module")
def mortal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mortal]:
    """It wants a key, works on one picture at a time, and cannot explain itself."""
    folder = tmp_path_factory.mktemp("mortal")
    mortal = Mortal(folder, folder / "log.txt")
    yield mortal
    mortal.stop()


@pytest.fixture
def locked(browser: Browser, mortal: Mortal) -> Iterator[Page]:
    """The page of that server, without a key."""
    with watched(browser, mortal.server.url) as page:
        yield page


def give_key(page: Page, key: str) -> None:
    page.get_by_label("API key", exact=True).fill(key)
    page.get_by_role("button", name="Use it").click()


@contextmanager
def kept_busy(server: Server) -> Iterator[None]:
    """Somebody else's pictures, which take long, one after the other."""
    is_over = threading.Event()
    slow = pictures.slow()

    def ask(picture: bytes) -> int:
        url = f"{server.url}/predict"
        answer = httpx.post(url, content=picture, headers=AUTHORIZATION, timeout=30)
        return answer.status_code

    def keep_asking() -> None:
        while not is_over.is_set():
            ask(slow)

    other = threading.Thread(target=keep_asking)
    other.start()
    try:
        deadline = time.monotonic() + 20
        while ask(pictures.plain()) != 429:
            assert time.monotonic() < deadline
        yield
    finally:
        is_over.set()
        other.join()


def test_key_is_asked_for_and_what_waited_for_it_is_answered(locked: Page, folder: Path) -> None:
    field = locked.get_by_label("API key", exact=True)
    expect(field).to_be_visible()
    drop(locked, folder / "cat.png")
    expect(card(locked, "cat.png").locator(".verdict")).to_have_text("Waits for an API key")
    give_key(locked, "not-the-key-of-this-service-0000")
    expect(locked.locator("#key-detail")).to_contain_text("does not know")
    expect(field).to_be_focused()
    give_key(locked, KEY)
    expect_answer(locked, "cat.png", "cat", RED)
    expect(field).to_be_hidden()
    expect(locked.locator("#model-figures")).to_contain_text("catdog:")
    locked.get_by_text("Its whole card").click()
    assert json.loads(locked.locator("#model-card").inner_text())["tag"].startswith("catdog:")
    locked.reload()
    drop(locked, folder / "dog.jpg")
    expect_settled(locked, 1)
    assert locked.evaluate("() => localStorage.length") == 0
    assert locked.context.cookies() == []


def test_wanted_key_is_told_to_who_cannot_see_the_field(locked: Page) -> None:
    told = locked.get_by_role("status").filter(has_text="wants an API key")
    expect(told).to_contain_text("Who runs it can give you one.")
    give_key(locked, "not-the-key-of-this-service-0000")
    expect(told).to_contain_text("It does not know the one that was sent.")
    give_key(locked, KEY)
    expect(told).to_have_count(0)


def test_late_refusal_of_a_replaced_key_leaves_the_new_one(locked: Page, folder: Path) -> None:
    old = "Bearer not-the-key-of-this-service-0000"
    held: list[Route] = []

    def hold(route: Route) -> None:
        if route.request.headers.get("authorization") == old:
            held.append(route)
        else:
            route.continue_()

    locked.route("**/predict", hold)
    drop(locked, folder / "cat.png")
    verdict = card(locked, "cat.png").locator(".verdict")
    expect(verdict).to_have_text("Waits for an API key")
    give_key(locked, old.removeprefix("Bearer "))
    expect(verdict).to_have_text("Looking …")
    expect(locked.locator("#key-detail")).to_contain_text("does not know")  # to who asked /model
    give_key(locked, KEY)
    expect(locked.locator("#model-figures")).to_contain_text("catdog:")
    held[0].continue_()
    expect_answer(locked, "cat.png", "cat", RED)
    expect(locked.get_by_label("API key", exact=True)).to_be_hidden()
    assert locked.evaluate("() => Object.values(sessionStorage)") == [KEY]


def test_key_refused_to_the_panel_closes_it_and_is_asked_for(locked: Page, folder: Path) -> None:
    give_key(locked, KEY)
    drop(locked, folder / "cat.png")
    expect_settled(locked, 1)
    refusal = {"title": "The key is missing or unknown", "detail": "It was revoked."}
    locked.route("**/explain", lambda route: route.fulfill(status=401, json=refusal))
    card(locked, "cat.png").locator(".explain").click()
    expect(locked.get_by_label("API key", exact=True)).to_be_visible()
    expect(locked.get_by_role("dialog")).to_be_hidden()
    expect(locked.locator("#key-said")).to_contain_text("does not know")
    assert locked.evaluate("() => sessionStorage.length") == 0


def test_busy_service_is_waited_for_in_view(locked: Page, folder: Path, mortal: Mortal) -> None:
    give_key(locked, KEY)
    with kept_busy(mortal.server):
        drop(locked, folder / "cat.png", folder / "dog.jpg")
        busy = locked.locator(".card[data-state=busy] .verdict").first
        expect(busy).to_contain_text("Busy: tries again in")
    expect_settled(locked, 2)
    expect(locked.locator(".card[data-state=answered]")).to_have_count(2)


def test_model_of_old_says_that_it_must_be_exported_again(locked: Page, folder: Path) -> None:
    give_key(locked, KEY)
    drop(locked, folder / "cat.png")
    card(locked, "cat.png").locator(".explain").click()
    panel = locked.get_by_role("dialog")
    expect(panel).to_contain_text("Export it again")
    expect(locked.locator(".panel-body")).to_be_hidden()


def test_service_that_dies_in_the_middle_is_said_and_asked_again_once_it_is_back(
    locked: Page, folder: Path, tmp_path: Path, mortal: Mortal
) -> None:
    give_key(locked, KEY)
    drop(locked, folder / "cat.png")
    expect_answer(locked, "cat.png", "cat", RED)
    late = tmp_path / "late.png"
    late.write_bytes(pictures.plain(BLUE))
    mortal.freeze()
    drop(locked, late, folder / "dog.jpg")
    expect(card(locked, "late.png").locator(".verdict")).to_have_text("Looking …")
    mortal.kill()
    expect(card(locked, "late.png").locator(".verdict")).to_have_text("No connection")
    expect(locked.get_by_role("alert")).to_contain_text("The service cannot be reached")
    locked.locator("#gone").get_by_role("button", name="Try again").click()
    expect(locked.get_by_role("alert")).to_contain_text("The service cannot be reached")
    expect_answer(locked, "cat.png", "cat", RED)

    mortal.start(mortal.server.port)
    locked.locator("#gone").get_by_role("button", name="Try again").click()
    expect_answer(locked, "late.png", "dog", BLUE)
    expect_settled(locked, 3)
    expect(locked.locator("#gone")).to_be_hidden()
