"""Everybody can use it: by keyboard, on a phone, in the dark, with a screen reader."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, FilePayload, Page, ViewportSize, expect

from benchmarks.chromium import drop
from tests import pictures
from tests.live_server import Server
from tests.page import axe
from tests.page.gestures import card, expect_answer, expect_settled
from tests.page.watched import PHONE, watched
from tests.pictures import RED

_FOCUS = """() => {
    const it = document.activeElement;
    const shown = it.matches("input[type=file]") ? it.closest("label") : it;
    const {outlineStyle, outlineWidth} = getComputedStyle(shown);
    return {name: it.id || it.textContent.trim(), outline: `${outlineStyle} ${outlineWidth}`};
}"""

_IS_UNCOVERED = """() => {
    scrollTo(0, document.documentElement.scrollHeight);
    const {bottom} = document.activeElement.getBoundingClientRect();
    return bottom <= document.querySelector(".notices").getBoundingClientRect().top;
}"""


# Of each card: its words that lie outside it, or are cut off, or on which the thumbnail lies.
_LOST_WORDS = """() => [...document.querySelectorAll(".card")].flatMap((card) => {
    const edge = card.getBoundingClientRect();
    const above = card.querySelector(".thumbnail").getBoundingClientRect();
    const isLost = (it) => {
        const {left, right, top, bottom} = it.getBoundingClientRect();
        const isOutside = right > edge.right || bottom > edge.bottom;
        const isCutOff = !it.matches(".name") && it.scrollWidth > it.clientWidth;
        return isOutside || isCutOff || (top < above.bottom && left < above.right);
    };
    const shown = [...card.querySelectorAll(".said > *")].filter((it) => it.textContent);
    return shown.filter((it) => !it.hidden && isLost(it)).map((it) => it.textContent);
})"""

# WCAG 1.4.12: who sets text wider loses none of it.
_SPACING = """() => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(`* { line-height: 1.5 !important; letter-spacing: 0.12em !important;
        word-spacing: 0.16em !important } p { margin-block-end: 2em !important }`);
    document.adoptedStyleSheets = [sheet];
}"""


def tab_to(page: Page, name: str) -> None:
    """Press Tab until that has the focus; whatever has it on the way shows it."""
    for _ in range(40):
        page.keyboard.press("Tab")
        focus = page.evaluate(_FOCUS)
        assert focus["outline"] == "solid 3px", focus
        if focus["name"] == name:
            return
    pytest.fail(f"{name!r} cannot be reached with Tab")


def has_no_horizontal_scroll(page: Page) -> bool:
    return bool(page.evaluate("() => document.documentElement.scrollWidth <= innerWidth"))


def test_from_the_start_to_an_answer_and_its_explanation_by_keyboard_alone(
    page: Page, folder: Path
) -> None:
    page.on("filechooser", lambda _: None)  # early: nobody waits until it is heard
    tab_to(page, "Skip to the answers")
    tab_to(page, "choose")
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Enter")
    chooser.value.set_files(folder / "cat.png")
    expect_answer(page, "cat.png", "cat", RED)
    tab_to(page, "What the network saw")
    page.keyboard.press("Enter")
    panel = page.get_by_role("dialog", name="What the network saw")
    expect(panel.get_by_role("slider")).to_be_visible()
    expect(panel.get_by_role("button", name="Close")).to_be_focused()
    tab_to(page, "opacity")
    page.keyboard.press("ArrowLeft")
    expect(panel.locator("output")).to_have_text("69 %")
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    expect(card(page, "cat.png").locator(".explain")).to_be_focused()
    tab_to(page, "Sure")
    page.keyboard.press("Enter")
    header = page.get_by_role("columnheader", name="Sure")
    expect(header).to_have_attribute("aria-sort", "ascending")


@pytest.mark.parametrize("width", [320, 360])
def test_phone_scrolls_in_one_direction_only(
    browser: Browser, server: Server, folder: Path, tmp_path: Path, width: int
) -> None:
    long = tmp_path / f"{'a_very_long_name_without_a_space' * 4}.png"
    long.write_bytes(pictures.plain())
    size = {"viewport": {"width": width, "height": 740}}
    with watched(browser, server.url, **PHONE | size) as page:
        assert has_no_horizontal_scroll(page)
        expect(page.get_by_text("Take a photograph")).to_be_visible()
        page.set_input_files("#choose", [folder / "green.webp", folder / "broken.jpg", long])
        expect_settled(page, 3)
        assert has_no_horizontal_scroll(page)
        card(page, "green.webp").locator(".explain").click()
        expect(page.get_by_role("slider")).to_be_visible()
        wide = page.evaluate("() => panel.scrollWidth > panel.clientWidth")
        assert not wide


@pytest.mark.parametrize("width", [360, 580, 1024])
def test_no_word_of_a_refusal_is_cut_off_or_covered(
    browser: Browser, server: Server, folder: Path, width: int
) -> None:
    office = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    letter: FilePayload = {"name": "letter.docx", "mimeType": office, "buffer": b"PK of a letter"}
    with watched(browser, server.url, viewport={"width": width, "height": 740}) as page:
        page.set_input_files("#choose", [letter])
        page.set_input_files("#choose", [folder / "broken.jpg", folder / "cat.png"])
        expect_settled(page, 3)
        expect(card(page, "letter.docx").locator(".detail")).to_contain_text(office)
        assert page.evaluate(_LOST_WORDS) == []
        assert has_no_horizontal_scroll(page)
        page.evaluate(_SPACING)
        assert page.evaluate(_LOST_WORDS) == []


@pytest.mark.parametrize("width", [320, 360])
def test_documentation_scrolls_in_one_direction_only(
    browser: Browser, server: Server, width: int
) -> None:
    with browser.new_context(viewport=ViewportSize(width=width, height=740)) as context:
        page = context.new_page()
        page.goto(f"{server.url}/docs")
        expect(page.get_by_role("heading", name="Limits")).to_be_attached()
        assert has_no_horizontal_scroll(page)


def test_end_of_the_page_can_be_scrolled_up_from_under_the_notices(
    browser: Browser, server: Server
) -> None:
    size = {"viewport": {"width": 360, "height": 640}, "reduced_motion": "reduce"}
    with watched(browser, server.url, **PHONE | size) as page:
        page.evaluate("() => { for (const id of ['key', 'gone']) window[id].hidden = false; }")
        page.locator("summary", has_text="Its whole card").focus()
        page.wait_for_function(_IS_UNCOVERED)


@pytest.fixture(scope="module")
def checker() -> str:
    return axe.script()


@pytest.fixture(params=["light", "dark"])
def checked(
    request: pytest.FixtureRequest, browser: Browser, server: Server, checker: str
) -> Iterator[Page]:
    """The page in both colours, with the checker in it, which the policy would keep out."""
    scheme = {"color_scheme": request.param, "bypass_csp": True, "reduced_motion": "reduce"}
    with watched(browser, server.url, **scheme) as page:
        page.add_script_tag(content=checker)
        yield page


@pytest.mark.registry
def test_axe_finds_nothing_wrong_with_the_page_its_answers_or_the_panel(
    checked: Page, folder: Path
) -> None:
    assert axe.violations(checked) == []
    names = ("cat.png", "dog.jpg", "green.webp", "cat.tiff", "broken.jpg")
    drop(checked, *(folder / name for name in names))
    expect_settled(checked, len(names))
    assert axe.violations(checked) == []
    card(checked, "dog.jpg").locator(".explain").click()
    expect(checked.get_by_role("slider")).to_be_visible()
    assert axe.violations(checked) == []


@pytest.mark.registry
def test_axe_finds_nothing_wrong_with_the_notices(checked: Page) -> None:
    checked.evaluate(
        "() => { for (const id of ['key', 'gone', 'hint']) window[id].hidden = false; }"
    )
    checked.locator("#hint p").evaluate("(p) => { p.textContent = 'A hint'; }")
    assert axe.violations(checked) == []


@pytest.mark.registry
@pytest.mark.parametrize("width", [320, 1200])
def test_axe_finds_nothing_wrong_with_the_documentation(
    browser: Browser, server: Server, checker: str, width: int
) -> None:
    size = ViewportSize(width=width, height=740)
    with browser.new_context(viewport=size, bypass_csp=True) as context:
        page = context.new_page()
        page.goto(f"{server.url}/docs")
        page.add_script_tag(content=checker)
        assert axe.violations(page) == []


def test_dark_is_dark_and_light_is_light(browser: Browser, server: Server) -> None:
    paper = {}
    for scheme in ("light", "dark"):
        with watched(browser, server.url, color_scheme=scheme) as page:
            colour = page.evaluate("() => getComputedStyle(document.body).backgroundColor")
            paper[scheme] = sum(map(int, colour.removeprefix("rgb(").removesuffix(")").split(",")))
    assert paper["dark"] < 100
    assert paper["light"] > 700
