"""The page that ships is the one that the kept results make, and needs nothing else."""

import re

import pytest

from lessons import contents, page
from lessons.__main__ import PAGE, main
from lessons.markup import code, matrix
from lessons.plot import draw
from service import lessons as served
from tests.html_page import Page


@pytest.fixture(scope="module")
def html() -> str:
    return page.render([lesson() for lesson in contents.LESSONS])


def test_the_page_that_ships_is_up_to_date(html: str) -> None:
    assert PAGE.read_text() == html, "run `python -m lessons page` and commit the page"


def test_it_is_under_a_megabyte(html: str) -> None:
    assert len(html.encode()) < 1_000_000


def test_it_names_no_address_and_loads_nothing(html: str) -> None:
    elements = Page(html).elements
    assert "://" not in re.sub(r"data:[^\"]*", "", html)
    for tag, attributes in elements:
        assert tag not in ("iframe", "object", "embed", "base", "form")
        for name in ("src", "href", "xlink:href"):
            target = attributes.get(name) or "#"
            assert target.startswith(("data:", "#")) or (tag, target) == ("a", "/")


def test_its_policy_allows_what_it_has_so_nothing_sits_in_attributes(html: str) -> None:
    """Style attributes and event handlers cannot be allowed by a digest."""
    for tag, attributes in Page(html).elements:
        assert "style" not in attributes, tag
        assert not [name for name in attributes if name.startswith("on")], tag
        if tag in ("script", "style"):
            assert attributes in ({}, {"type": "application/json", "id": attributes.get("id")})


def test_every_anchor_is_there_once(html: str) -> None:
    elements = Page(html).elements
    ids = [attributes["id"] for _, attributes in elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    targets = {a["href"] for tag, a in elements if tag == "a" and a["href"] != "/"}
    assert {target.removeprefix("#") for target in targets} <= set(ids)
    slugs = [lesson().slug for lesson in contents.LESSONS]
    assert len(slugs) == len(set(slugs))


def test_every_picture_says_what_it_shows_or_that_it_adds_nothing(html: str) -> None:
    for tag, attributes in Page(html).elements:
        if tag == "img":
            assert "alt" in attributes
        if tag == "svg":
            assert attributes["aria-label"]


def test_the_policy_names_each_script_and_style_and_no_others() -> None:
    policy = served.policy("<style>a</style><script>b</script><script type='x'>c</script>")
    assert "style-src 'sha256-ypeBEsobvcr6wjGzmiPcTaeG7/gUfE5yuYB3ha/uSLs='" in policy
    assert "script-src 'sha256-PiPoFgA5WUoziU9lZOGxNIu9egCI1CxKy3PurtWcAJ0='" in policy
    assert policy.count("sha256-") == 2
    assert "unsafe" not in policy
    assert "connect-src" not in policy  # so default-src 'none' forbids every connection


def test_code_is_shown_as_it_is_and_escaped() -> None:
    assert "def test_code_is_shown_as_it_is_and_escaped" in code(
        test_code_is_shown_as_it_is_and_escaped
    )
    assert "a &lt; b" in code("a < b")


def test_numbers_have_a_true_minus_sign() -> None:
    assert "<td>\N{MINUS SIGN}1.5</td>" in matrix([[-1.5]], "one number")


def test_charts_need_no_style_attribute_and_are_the_same_each_time() -> None:
    charts = [draw("a", "what <it> says", lambda axes: axes.plot([1, 3, 2])) for _ in range(2)]
    assert charts[0] == charts[1]
    assert "style=" not in charts[0]
    assert 'aria-label="what &lt;it&gt; says"' in charts[0]


def test_the_command_writes_the_page_where_it_is_told(tmp_path, capsys) -> None:
    assert main(["page", "--out", str(tmp_path / "a.html")]) == 0
    assert (tmp_path / "a.html").read_text() == PAGE.read_text()
    assert str(tmp_path / "a.html") in capsys.readouterr().out
