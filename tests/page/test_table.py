"""The table of all answers, and the file that it is saved as."""

import csv
import io
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from benchmarks.chromium import drop
from tests import known_network, pictures
from tests.page.gestures import column, expect_settled
from tests.pictures import BLUE, GREEN, RED

# OWASP, "CSV Injection": what a cell must not begin with. The full-width ones count in Japan.
SIGNS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
FORMULA, QUOTED = "=cmd().png", 'with, comma and "quotes".png'


def press(page: Page, heading: str, order: str) -> None:
    header = page.get_by_role("columnheader", name=heading)
    header.get_by_role("button").click()
    expect(header).to_have_attribute("aria-sort", order)


def saved(page: Page) -> bytes:
    with page.expect_download() as download:
        page.get_by_role("button", name="Save as CSV").click()
    assert download.value.suggested_filename == "cats-and-dogs.csv"
    return Path(download.value.path()).read_bytes()


def test_table_sorts_by_any_column_and_back(page: Page, tmp_path: Path) -> None:
    shades = {"2.png": RED, "10.png": (120, 20, 100), "1.png": BLUE, "3.png": GREEN}
    for name, rgb in shades.items():
        (tmp_path / name).write_bytes(pictures.plain(rgb))
    (tmp_path / "4.png").write_bytes(b"none")
    drop(page, *(tmp_path / name for name in shades), tmp_path / "4.png")
    expect_settled(page, 5)
    expect(page.locator("#table tbody tr")).to_have_count(5)
    assert column(page, 0) == ["2.png", "10.png", "1.png", "3.png", "4.png"], "as they came"

    press(page, "Picture", "ascending")
    assert column(page, 0) == ["1.png", "2.png", "3.png", "4.png", "10.png"], "by their numbers"
    press(page, "Cat", "ascending")
    by_p_cat = sorted(shades, key=lambda name: known_network.p_cat(shades[name]))
    assert column(page, 0) == [*by_p_cat, "4.png"]
    press(page, "Cat", "descending")
    assert column(page, 0) == [*reversed(by_p_cat), "4.png"], "without an answer it stays last"
    press(page, "Answer", "ascending")
    assert column(page, 1)[:2] == ["Cat", "Cat"]
    expect(page.get_by_role("columnheader", name="Cat")).to_have_attribute("aria-sort", "none")


def test_saved_file_is_csv_in_the_order_of_the_table(page: Page, folder: Path) -> None:
    drop(page, *(folder / name for name in (FORMULA, QUOTED, "broken.jpg")))
    expect_settled(page, 3)
    press(page, "Picture", "ascending")
    press(page, "Picture", "descending")
    raw = saved(page)
    assert raw.count(b"\r\n") == raw.count(b"\n") == 4, "RFC 4180 ends lines so"
    rows = list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig")), strict=True))
    assert [row["name"] for row in rows] == [QUOTED, "broken.jpg", f"'{FORMULA}"]

    dog, broken, cat = rows
    assert (dog["label"], cat["label"], broken["label"]) == ("dog", "cat", "")
    assert abs(float(cat["p_cat"]) - known_network.p_cat(RED)) < 1e-3
    assert abs(float(dog["confidence"]) - (1 - known_network.p_cat(BLUE))) < 1e-3
    assert cat["model"].startswith("catdog:")
    assert broken["error"]
    assert cat["error"] == ""


def test_no_cell_begins_as_a_formula_does(page: Page, tmp_path: Path) -> None:
    names = [f"{sign}1+1.png" for sign in SIGNS]
    for name in names:
        (tmp_path / name).write_bytes(b"no picture either")
    drop(page, *(tmp_path / name for name in names))
    expect_settled(page, len(names))
    rows = csv.reader(io.StringIO(saved(page).decode("utf-8-sig")))
    assert not [cell for row in rows for cell in row if cell.startswith(SIGNS)]


@pytest.mark.parametrize("separator", [";", "\t"])
def test_what_parts_cells_elsewhere_begins_no_formula_either(
    page: Page, tmp_path: Path, separator: str
) -> None:
    names = [f"a{separator}{sign}1+1.png" for sign in SIGNS]
    for name in names:
        (tmp_path / name).write_bytes(b"no picture either")
    drop(page, *(tmp_path / name for name in names))
    expect_settled(page, len(names))
    text = saved(page).decode("utf-8-sig")
    cells = [cell for row in csv.reader(io.StringIO(text), delimiter=separator) for cell in row]
    assert len(cells) == 1 + len(names)
    assert not [cell for cell in cells if cell.startswith(SIGNS)]


def test_rows_that_did_not_change_are_not_made_again(page: Page, folder: Path) -> None:
    rows = page.locator("#table tbody tr")
    drop(page, folder / "cat.png", folder / "broken.jpg")
    expect(rows.locator(".cat")).to_have_text("Cat")
    expect_settled(page, 2)
    rows.first.evaluate("(row) => { row.id = 'the-first'; }")
    drop(page, folder / "dog.jpg")
    expect(rows.locator(".dog")).to_have_text("Dog")
    press(page, "Picture", "ascending")
    assert column(page, 0) == ["broken.jpg", "cat.png", "dog.jpg"]
    expect(page.locator("#the-first")).to_contain_text("cat.png")
    page.get_by_role("button", name="Clear").click()
    expect(rows).to_have_count(0)
