"""What the network saw in a picture, on the page."""

from pathlib import Path

import httpx
from playwright.sync_api import Locator, Page, Route, expect

from benchmarks.chromium import drop
from tests import pictures
from tests.page.gestures import card, expect_settled
from tests.pictures import BLUE, RED


def opened(page: Page, path: Path) -> Locator:
    drop(page, path)
    card(page, path.name).locator(".explain").click()
    expect(page.locator(".panel-body")).to_be_visible()
    return page.get_by_role("dialog")


def test_panel_shows_what_explain_answers(page: Page, folder: Path, client: httpx.Client) -> None:
    panel = opened(page, folder / "cat.png")
    said = client.post("/explain", content=(folder / "cat.png").read_bytes()).json()
    assert panel.locator(".seen").get_attribute("src") == said["seen"]
    assert panel.locator(".heat").get_attribute("src") == said["activation_map"]["image"]
    expect(panel.locator(".map .verdict")).to_contain_text("Cat, ")

    steps = panel.locator(".step")
    greyed = [f"{100 * step['share']:.0f} % greyed out" for step in said["greyed_out"]]
    assert steps.locator(".muted").all_inner_texts() == ["Whole", *greyed]
    sources = [image.get_attribute("src") for image in steps.locator("img").all()]
    assert sources == [said["seen"], *(step["image"] for step in said["greyed_out"])]

    for stage in said["stages"]:
        title = f"{stage['name']} {stage['channels']} channels of {stage['side']} × {stage['side']}"
        expect(panel.get_by_role("heading", name=title)).to_be_visible()
        for strongest in stage["strongest"]:
            image = panel.get_by_alt_text(f"{stage['name']}, channel {strongest['channel']}")
            assert strongest["image"] in [i.get_attribute("src") for i in image.all()]
    names = panel.locator(".imagenet li span:first-child").all_inner_texts()
    assert names == [guess["name"] for guess in said["imagenet"]]
    expect(panel.get_by_text("A hint, not this model’s answer")).to_be_visible()
    filters = panel.get_by_alt_text("64 small patches")
    expect(filters).to_have_js_property("complete", True)
    assert filters.evaluate("(image) => image.naturalWidth") > 0


def test_sentence_counts_the_places_on_either_side(page: Page, tmp_path: Path) -> None:
    upper = tmp_path / "half.png"
    upper.write_bytes(pictures.plain(BLUE))
    expect(opened(page, upper).locator(".sentence")).to_contain_text("all together for dog")


def test_slider_uncovers_the_picture(page: Page, folder: Path) -> None:
    panel = opened(page, folder / "cat.png")
    panel.get_by_role("slider").fill("0")
    expect(panel.locator(".heat")).to_have_css("opacity", "0")
    panel.get_by_role("slider").fill("100")
    expect(panel.locator(".heat")).to_have_css("opacity", "1")


def test_panel_of_another_picture_shows_that_one(page: Page, tmp_path: Path) -> None:
    for name, rgb in {"a.png": RED, "b.png": BLUE}.items():
        (tmp_path / name).write_bytes(pictures.plain(rgb))
    panel = opened(page, tmp_path / "a.png")
    panel.get_by_role("button", name="Close").click()
    expect(panel).to_be_hidden()
    panel = opened(page, tmp_path / "b.png")
    expect(panel.locator(".map .verdict")).to_contain_text("Dog, ")
    expect(panel.locator(".panel-head .name")).to_have_text("b.png")
    expect_settled(page, 2)


def test_panel_stays_open_unless_one_presses_and_lets_go_beside_it(
    page: Page, folder: Path
) -> None:
    panel = opened(page, folder / "cat.png")
    sentence, box = panel.locator(".sentence").bounding_box(), panel.bounding_box()
    assert sentence
    assert box
    beside = (box["x"] / 2, box["y"] + box["height"] / 2)
    page.mouse.move(sentence["x"] + 20, sentence["y"] + 5)
    page.mouse.down()
    page.mouse.move(*beside, steps=4)
    page.mouse.up()
    expect(panel).to_be_visible()
    assert page.evaluate("() => getSelection().toString()")
    page.mouse.down()
    page.mouse.move(sentence["x"] + 20, sentence["y"] + 5, steps=4)
    page.mouse.up()
    expect(panel).to_be_visible()
    page.mouse.click(*beside)
    expect(panel).to_be_hidden()


def test_click_into_the_panels_empty_part_does_not_close_it(page: Page, folder: Path) -> None:
    held: list[Route] = []
    page.route("**/explain", lambda route: held.append(route))
    drop(page, folder / "cat.png")
    card(page, "cat.png").locator(".explain").click()
    panel = page.get_by_role("dialog")
    expect(panel).to_contain_text("Looking inside the network")
    box = panel.bounding_box()
    assert box
    page.mouse.click(box["x"] + 30, box["y"] + box["height"] - 30)
    expect(panel).to_be_visible()
    held[0].continue_()
    expect(panel.locator(".panel-body")).to_be_visible()
