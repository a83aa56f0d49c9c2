"""The lessons in a real browser, under the policy that the service sends."""

import base64
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, ViewportSize, expect
from scipy import ndimage, signal

from lessons.gallery import KERNELS
from lessons.photograph import photograph
from tests.live_server import Server
from tests.page import axe

PIXELS = """async (name) => {
    const image = document.querySelector(`img[data-name="${name}"]`);
    await image.decode();
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
    const context = canvas.getContext("2d");
    context.drawImage(image, 0, 0);
    const {data} = context.getImageData(0, 0, canvas.width, canvas.height);
    return {height: canvas.height, width: canvas.width, data: [...data]};
}"""
DROP = """([name, encoded]) => {
    const bytes = Uint8Array.from(atob(encoded), (c) => c.charCodeAt(0));
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File([bytes], name, {type: "image/png"}));
    document.dispatchEvent(new DragEvent("drop", {dataTransfer, cancelable: true}));
}"""
# release() lets go the first picture that is decoded from now on, and says how wide it is left.
HOLD_FIRST = """() => {
    const decode = window.createImageBitmap;
    let decoded, letGo;
    const released = new Promise((resolve) => { letGo = resolve; });
    window.createImageBitmap = async (source) => {
        window.createImageBitmap = decode;
        decoded = decode(source);
        await released;
        return decoded;
    };
    window.release = async () => {
        const bitmap = await decoded;
        letGo();
        await new Promise((done) => setTimeout(done));
        return bitmap.width;
    };
}"""
# A picture is decoded before the next script of the page runs: all of it is red.
DECODE_AT_ONCE = """
    HTMLImageElement.prototype.decode = () => Promise.resolve();
    window.createImageBitmap = () => {
        const canvas = new OffscreenCanvas(32, 32);
        const context = canvas.getContext("2d");
        context.fillStyle = "rgb(255, 0, 0)";
        context.fillRect(0, 0, 32, 32);
        return Promise.resolve(canvas.transferToImageBitmap());
    };
"""
CORRELATE = """([picture, kernel, padding, stride, dilation]) => {
    const {width, data} = correlate(padded(asPlane(picture), padding), asPlane(kernel),
                                    stride, dilation);
    return {width, data: [...data]};
}"""


@pytest.fixture(scope="module")
def lessons(browser: Browser, server: Server) -> Iterator[Page]:
    """The page; afterwards, no script of it has failed, and it has asked for nothing."""
    complaints: list[str] = []
    with browser.new_context(viewport={"width": 1200, "height": 900}) as context:
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: complaints.append(message.text))
        page.on("request", lambda request: complaints.append(request.url))
        page.goto(f"{server.url}/lessons")
        expect(page.get_by_role("heading", level=1)).to_contain_text("truth about cats and dogs")
        yield page
    mine = [c for c in complaints if not c.startswith(("data:", f"{server.url}/lessons"))]
    assert mine == []


@pytest.fixture
def fresh(lessons: Page) -> Page:
    """As it is when opened."""
    lessons.reload()
    expect(lessons.locator("#own img[src]")).to_be_visible()  # the cat has been filtered
    return lessons


def shown(page: Page, name: str) -> np.ndarray:
    """(H, W, 3) uint8: what an img shows now."""
    found = page.evaluate(PIXELS, name)
    rgba = np.array(found["data"], np.uint8).reshape(found["height"], found["width"], 4)
    return rgba[:, :, :3]


def numbers(page: Page, table: str) -> list[list[str]]:
    shown = page.locator("#playground").get_by_role("table", name=table, exact=True)
    rows = shown.get_by_role("row").all()
    return [row.get_by_role("cell").all_inner_texts() for row in rows]


def test_correlate_in_the_browser_is_that_of_scipy(fresh: Page) -> None:
    rng = np.random.default_rng(3)
    for padding, stride, dilation in itertools.product((0, 2), (1, 3), (1, 2)):
        picture, kernel = rng.standard_normal((9, 12)), rng.standard_normal((3, 4))
        found = fresh.evaluate(
            CORRELATE, [picture.tolist(), kernel.tolist(), padding, stride, dilation]
        )
        holes = np.zeros(dilation * (np.array(kernel.shape) - 1) + 1)
        holes[::dilation, ::dilation] = kernel
        expected = signal.correlate2d(np.pad(picture, padding), holes, "valid")
        expected = expected[::stride, ::stride]
        assert found["width"] == expected.shape[1]
        np.testing.assert_allclose(found["data"], expected.ravel(), atol=1e-12)


def test_stepping_through_gives_the_lectures_result(fresh: Page) -> None:
    step = fresh.get_by_role("button", name="Step")
    expect(fresh.get_by_text("Step 1 of 9:")).to_contain_text("= 12")
    step.focus()
    for n in range(2, 10):
        fresh.keyboard.press("Enter")
        expect(fresh.get_by_text(f"Step {n} of 9:")).to_be_visible()
    result = [["12", "12", "17"], ["10", "17", "19"], ["9", "6", "14"]]
    assert numbers(fresh, "the result") == result


def test_it_plays_by_itself_to_the_end(fresh: Page) -> None:
    fresh.get_by_role("button", name="Play").click()
    expect(fresh.get_by_role("button", name="Pause")).to_be_visible()
    expect(fresh.get_by_text("Step 9 of 9:")).to_contain_text("= 14")
    expect(fresh.get_by_role("button", name="Play")).to_be_visible()


def test_stride_padding_and_dilation_change_the_result(fresh: Page) -> None:
    playground = fresh.locator("#playground")
    playground.get_by_label("stride").fill("2")
    playground.get_by_label("padding").fill("1")
    expect(playground.get_by_text("result, 3 by 3")).to_be_visible()
    expect(playground.get_by_text("Step 1 of 9:")).to_contain_text("= 6")
    playground.get_by_label("dilation").fill("3")
    expect(playground.get_by_text("result, 1 by 1")).to_be_visible()
    playground.get_by_label("padding").fill("0")
    expect(playground.get_by_text("The kernel does not fit in")).to_be_visible()
    playground.get_by_role("button", name="Reset").click()
    expect(playground.get_by_text("Step 1 of 9:")).to_contain_text("= 12")


def test_a_number_that_is_changed_counts_at_once(fresh: Page) -> None:
    fresh.get_by_label("picture, row 1, column 2").fill("10")
    expect(fresh.get_by_text("Step 1 of 9:")).to_contain_text("10·1 + 2·2")
    expect(fresh.get_by_text("Step 1 of 9:")).to_contain_text("= 19")


def test_who_wants_less_motion_is_shown_the_end(browser: Browser, server: Server) -> None:
    with browser.new_context(reduced_motion="reduce") as context:
        page = context.new_page()
        page.goto(f"{server.url}/lessons")
        page.get_by_role("button", name="To the end").click()
        expect(page.get_by_text("Step 9 of 9:")).to_contain_text("= 14")


@pytest.fixture(scope="module")
def picture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A picture of one's own: 60 x 40 pixels of noise, small enough to be used as it is."""
    path = tmp_path_factory.mktemp("own") / "mine.png"
    pixels = np.random.default_rng(2).integers(0, 256, (40, 60, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path)
    return path


def test_ones_own_photograph_goes_through_gallery_and_moving_kernel(
    fresh: Page, picture: Path
) -> None:
    fresh.get_by_label("Your own photograph").first.set_input_files(picture)
    expect(fresh.get_by_text("mine.png, as 60 by 40 pixels")).to_be_visible()
    pixels = np.asarray(Image.open(picture))
    for i, kernel in enumerate(KERNELS):
        expected = [
            ndimage.correlate(pixels[:, :, c].astype(float), kernel.values, mode="nearest")
            for c in range(3)
        ]
        difference = shown(fresh, f"kernel-{i}") - np.dstack(expected).clip(0, 255)
        assert np.abs(difference).max() < 0.5 + 1e-9, kernel.name
    moved = np.zeros_like(pixels)
    moved[5:, :-5] = pixels[:-5, 5:]  # five times
    assert np.array_equal(shown(fresh, "moved"), moved)
    assert shown(fresh, "gabor-0").shape == (40, 60, 3)


def test_a_photograph_can_be_dropped(fresh: Page, picture: Path) -> None:
    encoded = base64.b64encode(picture.read_bytes()).decode()
    fresh.evaluate(DROP, ["dropped.png", encoded])
    expect(fresh.get_by_text("dropped.png, as 60 by 40 pixels")).to_be_visible()
    assert np.array_equal(shown(fresh, "original"), np.asarray(Image.open(picture)))


def test_a_large_photograph_is_made_small_and_keeps_its_shape(fresh: Page, tmp_path: Path) -> None:
    Image.new("RGB", (3000, 2000), (200, 30, 40)).save(tmp_path / "large.jpg")
    fresh.get_by_label("Your own photograph").first.set_input_files(tmp_path / "large.jpg")
    expect(fresh.get_by_text("large.jpg, as 192 by 128 pixels")).to_be_visible()


def test_what_is_no_picture_is_said_to_be_none(fresh: Page, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no picture")
    fresh.get_by_label("Your own photograph").last.set_input_files(tmp_path / "notes.txt")
    expect(fresh.get_by_text("notes.txt is no picture that this browser can read")).to_be_visible()


def test_an_older_photograph_that_takes_longer_does_not_overtake_the_newer(
    fresh: Page, picture: Path, tmp_path: Path
) -> None:
    Image.new("RGB", (30, 30), (200, 30, 40)).save(tmp_path / "older.png")
    fresh.evaluate(HOLD_FIRST)
    chooser = fresh.get_by_label("Your own photograph").first
    chooser.set_input_files(tmp_path / "older.png")
    chooser.set_input_files(picture)
    expect(fresh.get_by_text("mine.png, as 60 by 40 pixels")).to_be_visible()
    width_left = fresh.evaluate("() => window.release()")
    expect(fresh.get_by_text("mine.png, as 60 by 40 pixels")).to_be_visible()
    assert np.array_equal(shown(fresh, "original"), np.asarray(Image.open(picture)))
    assert width_left == 0, "its pixels are freed"


def test_the_same_photograph_may_be_chosen_again(fresh: Page, picture: Path) -> None:
    chooser = fresh.get_by_label("Your own photograph").first
    for _ in range(2):
        with fresh.expect_file_chooser() as opened:
            chooser.click()
        assert chooser.input_value() == "", "so whichever file comes is a change"
        opened.value.set_files(picture)
        expect(fresh.get_by_text("mine.png, as 60 by 40 pixels")).to_be_visible()
        fresh.get_by_role("button", name="The dog").first.click()
        expect(fresh.get_by_text("The dog, as 32 by 32 pixels")).to_be_visible()


def test_a_kernel_of_ones_own(fresh: Page) -> None:
    own = fresh.locator("#own")
    own.get_by_label("Start from").select_option("Identity")
    expect(own.get_by_text("The weights add up to 1")).to_be_visible()
    assert np.array_equal(shown(fresh, "own"), photograph("cat"))
    own.get_by_label("weight in row 3, column 3").fill("0")
    expect(own.get_by_text("black wherever nothing changes")).to_be_visible()
    assert shown(fresh, "own").max() == 0


def test_the_place_of_the_one_decides_where_the_picture_goes(fresh: Page) -> None:
    fresh.get_by_label("row 2, column 0").check()
    expect(fresh.get_by_text("the picture moves 10 pixels right")).to_be_visible()
    fresh.get_by_label("How often is it slid?").fill("1")
    expect(fresh.get_by_text("Slid once: the picture moves 2 pixels right.")).to_be_visible()
    expected = np.zeros((32, 32, 3), np.uint8)
    expected[:, 2:] = photograph("cat")[:, :-2]
    assert np.array_equal(shown(fresh, "moved"), expected)


def test_the_kernel_moves_the_first_picture_however_soon_it_is_decoded(
    browser: Browser, server: Server
) -> None:
    with browser.new_context() as context:
        page = context.new_page()
        page.add_init_script(DECODE_AT_ONCE)
        page.goto(f"{server.url}/lessons")
        page.get_by_label("row 2, column 0").check()
        page.get_by_label("How often is it slid?").fill("1")
        expect(page.get_by_text("Slid once: the picture moves 2 pixels right.")).to_be_visible()
        expected = np.zeros((32, 32, 3), np.uint8)
        expected[:, 2:] = (255, 0, 0)
        assert np.array_equal(shown(page, "moved"), expected)


def test_the_page_that_asks_the_network_is_one_link_away(fresh: Page) -> None:
    link = fresh.get_by_role("link", name="the page that asks the network")
    assert link.get_attribute("href") == "/"


@pytest.mark.parametrize("width", [320, 360])
def test_nothing_sticks_out_on_a_phone(browser: Browser, server: Server, width: int) -> None:
    size = ViewportSize(width=width, height=740)
    with browser.new_context(viewport=size, has_touch=True) as context:
        page = context.new_page()
        page.goto(f"{server.url}/lessons")
        expect(page.locator("#playground")).to_be_visible()
        page.get_by_label("padding").fill("4")
        assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.registry
@pytest.mark.parametrize(("scheme", "width"), [("light", 1200), ("dark", 360)])
def test_axe_finds_nothing_wrong_with_the_lessons(
    browser: Browser, server: Server, scheme: Literal["light", "dark"], width: int
) -> None:
    size = ViewportSize(width=width, height=900)
    with browser.new_context(viewport=size, color_scheme=scheme, bypass_csp=True) as context:
        page = context.new_page()
        page.goto(f"{server.url}/lessons")
        expect(page.locator("#own img[src]")).to_be_visible()
        page.add_script_tag(content=axe.script())
        assert axe.violations(page) == []
