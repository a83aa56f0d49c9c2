"""Pictures come in, each in its way, and answers appear."""

from pathlib import Path

from playwright.sync_api import Page, Route, expect

from benchmarks.chromium import drop
from service.settings import Settings
from tests import pictures
from tests.page.gestures import card, copy, expect_answer, expect_settled
from tests.pictures import BLUE, GREEN, RED


def test_dropped_picture_is_answered_in_words_with_its_calibrated_confidence(
    page: Page, folder: Path
) -> None:
    drop(page, folder / "cat.png")
    expect_answer(page, "cat.png", "cat", RED)
    sure = card(page, "cat.png").locator(".sure").inner_text()
    bar = card(page, "cat.png").locator(".bar div").evaluate("(bar) => bar.style.inlineSize")
    assert f"{float(bar.removesuffix('%')):.1f} % sure" == sure
    expect(page.locator("#said")).to_have_text(f"cat.png: Cat, {sure}.")


def test_several_are_answered_and_a_bad_one_among_them_costs_its_neighbours_nothing(
    page: Page, folder: Path
) -> None:
    names = ["cat.png", "broken.jpg", "dog.jpg", "notes.txt", "green.webp"]
    drop(page, *(folder / name for name in names))
    expect_settled(page, 5)
    expect_answer(page, "cat.png", "cat", RED)
    expect_answer(page, "green.webp", "neither", GREEN)
    expect(card(page, "dog.jpg").locator(".verdict")).to_have_text("Dog")
    expect(card(page, "broken.jpg").locator(".verdict")).to_have_text("The picture is damaged")
    expect(card(page, "notes.txt").locator(".detail")).to_contain_text(
        "The body is not an image of a kind we take"
    )
    summary = "1 cat, 1 dog, 1 neither, 2 without an answer"
    expect(page.locator("#summary")).to_have_text(summary)
    expect(page.locator("#said")).to_have_text(f"{summary}.")
    assert page.locator(".card .name").all_inner_texts() == names, "in their order"


def test_chosen_picture_is_answered_and_may_be_chosen_again(page: Page, folder: Path) -> None:
    for n in (1, 2):
        page.set_input_files("#choose", folder / "dog.jpg")
        expect_settled(page, n)
    page.set_input_files("#photograph", folder / "cat.png")
    expect_answer(page, "cat.png", "cat", RED)


def test_pasted_picture_is_answered(page: Page) -> None:
    copy(page, pictures.plain(BLUE))
    page.keyboard.press("Control+V")
    expect_answer(page, "image.png", "dog", BLUE)


def test_all_pictures_of_a_dropped_folder_are_answered(page: Page, tmp_path: Path) -> None:
    album = tmp_path / "album" / "inner"
    album.mkdir(parents=True)
    (album / "a.png").write_bytes(pictures.plain(RED))
    (album.parent / "b.png").write_bytes(pictures.plain(BLUE))
    (album / ".hidden").write_bytes(b"of some program")
    drop(page, album.parent)
    expect_settled(page, 2)
    expect_answer(page, "a.png", "cat", RED)
    expect_answer(page, "b.png", "dog", BLUE)


def test_dropped_folder_without_a_picture_is_told_apart_from_a_link(
    page: Page, tmp_path: Path
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    drop(page, empty)
    expect(page.locator("#hint")).to_contain_text("There is no picture in what was dropped.")


# Entries of these names cannot be read. Root, who may run this, could read any real one.
_LOCK = """(names) => {
    const refuse = (_, fail) => fail(new DOMException("", "NotReadableError"));
    const guarded = (entry) => {
        if (names.includes(entry.name)) {
            entry.file = refuse;
            entry.createReader = () => ({readEntries: refuse});
        } else if (entry.isDirectory) {
            const reader = entry.createReader();
            const readEntries = (done, fail) =>
                reader.readEntries((some) => done(some.map(guarded)), fail);
            entry.createReader = () => ({readEntries});
        }
        return entry;
    };
    const {webkitGetAsEntry} = DataTransferItem.prototype;
    DataTransferItem.prototype.webkitGetAsEntry = function () {
        return guarded(webkitGetAsEntry.call(this));
    };
}"""


def test_what_cannot_be_read_in_a_dropped_folder_costs_its_neighbours_nothing_and_is_counted(
    page: Page, tmp_path: Path
) -> None:
    locked = tmp_path / "album" / "locked"
    locked.mkdir(parents=True)
    for path in (locked / "a.png", locked.parent / "b.png", locked.parent / "private.png"):
        path.write_bytes(pictures.plain(BLUE))
    page.evaluate(_LOCK, ["locked", "private.png"])
    drop(page, locked.parent)
    expect_answer(page, "b.png", "dog", BLUE)
    expect(page.locator("#hint")).to_contain_text("2 files or folders could not be read")
    drop(page, locked)
    expect(page.locator("#hint")).to_contain_text("1 file or folder could not be read")
    expect(page.locator(".card")).to_have_count(1)


def test_what_is_no_file_is_not_fetched_and_said(page: Page) -> None:
    data = {
        "items": [{"mimeType": "text/uri-list", "data": "http://elsewhere.example/cat.jpg"}],
        "files": [],
        "dragOperationsMask": 1,
    }
    session = page.context.new_cdp_session(page)
    for kind in ("dragEnter", "dragOver", "drop"):
        session.send("Input.dispatchDragEvent", {"type": kind, "x": 150, "y": 300, "data": data})
    expect(page.locator("#hint")).to_contain_text("This service fetches no links")
    page.locator("#hint button").click()
    expect(page.locator("#hint")).to_be_hidden()
    expect(page.locator("#answers")).to_be_focused()


def test_picture_over_the_limit_gets_the_words_of_the_service(page: Page, tmp_path: Path) -> None:
    large = tmp_path / "large.png"
    most = Settings().max_upload_bytes
    large.write_bytes(pictures.padded(pictures.plain(), most + 1))
    drop(page, large)
    expect(card(page, "large.png").locator(".detail")).to_contain_text(f"over {most} bytes")


def test_file_that_vanished_before_it_was_sent_is_said(page: Page, tmp_path: Path) -> None:
    fleeting = tmp_path / "fleeting.png"
    fleeting.write_bytes(pictures.plain(RED))
    page.route("**/predict", lambda route: (fleeting.unlink(missing_ok=True), route.abort()))
    drop(page, fleeting)
    expect(card(page, "fleeting.png").locator(".verdict")).to_have_text("It cannot be read")


def test_what_the_browser_cannot_show_has_a_placeholder_and_an_answer(
    page: Page, folder: Path
) -> None:
    drop(page, folder / "cat.tiff", folder / "cat.png")
    expect_answer(page, "cat.tiff", "cat", RED)
    expect(card(page, "cat.tiff").locator(".no-preview")).to_have_text("TIFF: no preview here")
    expect(card(page, "cat.png").locator("canvas")).to_be_visible()


def test_every_example_is_answered(page: Page) -> None:
    examples = page.locator(".example")
    for example in examples.all():
        example.click()
    expect_settled(page, examples.count())
    expect(page.locator(".card[data-state=answered]")).to_have_count(examples.count())


def test_picture_asked_again_before_it_was_told_of_is_told_of_once_it_is_answered(
    page: Page, folder: Path
) -> None:
    page.clock.install(time=0)
    page.clock.pause_at(1000)
    for path in ("**/predict", "**/livez"):
        page.route(path, lambda route: route.abort())
    drop(page, folder / "cat.png")
    expect(card(page, "cat.png").locator(".verdict")).to_have_text("No connection")
    held: list[Route] = []
    page.route("**/predict", lambda route: held.append(route))
    page.locator("#gone button").click()
    expect(card(page, "cat.png").locator(".verdict")).to_have_text("Looking …")
    page.clock.run_for(1000)
    expect(page.locator("#said")).to_be_empty()
    held[0].continue_()
    expect_answer(page, "cat.png", "cat", RED)
    page.clock.run_for(1000)
    expect(page.locator("#said")).to_contain_text("cat.png: Cat, ")


def test_news_is_told_at_intervals_while_more_is_to_come_and_at_once_when_all_is_there(
    page: Page, folder: Path
) -> None:
    page.clock.install(time=0)
    page.clock.pause_at(1000)
    held: list[Route] = []
    page.route("**/predict", lambda route: held.append(route))
    names = ("cat.png", "dog.jpg", "green.webp", "cat.tiff")
    drop(page, *(folder / name for name in names))
    expect(page.locator(".card[data-state=asked]")).to_have_count(4)
    said, answered = page.locator("#said"), page.locator(".card[data-state=answered]")

    def answer(n: int) -> None:
        held[n].continue_()
        expect(answered).to_have_count(n + 1)

    answer(0)
    page.clock.run_for(1000)
    expect(said).to_contain_text(": ")
    first = said.inner_text()
    answer(1)
    page.clock.run_for(1000)
    answer(2)
    page.clock.run_for(1000)
    expect(said).to_have_text(first)
    page.clock.run_for(3000)
    expect(said).to_contain_text("3 of 4 done: ")
    answer(3)
    page.clock.run_for(1000)
    expect(said).to_contain_text("sure.")


def test_refusal_that_the_same_bytes_would_get_again_cannot_be_asked_for_again(
    page: Page, folder: Path
) -> None:
    drop(page, folder / "broken.jpg")
    expect_settled(page, 1)
    expect(card(page, "broken.jpg").locator(".again")).to_be_hidden()
    refusal = {"title": "An error of ours", "detail": "It was logged."}
    page.route("**/predict", lambda route: route.fulfill(status=500, json=refusal))
    drop(page, folder / "cat.png")
    expect_settled(page, 2)
    page.unroute_all()
    card(page, "cat.png").locator(".again").click()
    expect_answer(page, "cat.png", "cat", RED)


def test_pressed_button_that_vanishes_leaves_the_focus_near(page: Page, folder: Path) -> None:
    for path in ("**/predict", "**/livez"):
        page.route(path, lambda route: route.abort())
    drop(page, folder / "cat.png")
    for button, left_at in ((".card .again", ".card"), ("#gone button", "#answers")):
        expect(page.locator(".card .verdict")).to_have_text("No connection")
        page.locator(button).press("Enter")
        expect(page.locator(left_at)).to_be_focused()


def test_clear_forgets_all(page: Page, folder: Path) -> None:
    drop(page, folder / "cat.png")
    expect_settled(page, 1)
    page.get_by_role("button", name="Clear").click()
    expect(page.locator(".card")).to_have_count(0)
    expect(page.locator("#table")).to_be_hidden()
    expect(page.locator("#choose")).to_be_focused()
