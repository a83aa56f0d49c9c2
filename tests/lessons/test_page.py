"""The page that ships is the one that the kept results make, and needs nothing else."""

import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from lessons import __main__ as command
from lessons import contents, page
from lessons.__main__ import PAGE, main
from lessons.markup import code, matrix
from lessons.plot import draw
from service import lessons as served
from tests.html_page import Page
from tests.live_server import REPOSITORY


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


@pytest.mark.parametrize(
    ("out", "complaint"),
    [
        ("", r"--out \. is there, and no file\. Name a file"),
        ("in", r"--out .*/in is there, and no file"),
        ("none/a.html", r"--out .*/none/a\.html cannot be written: there is no folder .*/none\."),
        ("a" * 300, r"--out .* cannot be written: File name too long\."),
    ],
)
def test_a_page_that_cannot_be_written_is_said_before_anything_is_trained(
    out: str,
    complaint: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "in").mkdir()
    monkeypatch.setattr(command, "train", lambda _: pytest.fail("it was trained"))
    assert main(["train", "--out", str(tmp_path / out) if out else ""]) == 1
    assert re.match(f"Error: {complaint}", capsys.readouterr().err)
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_what_refuses_to_be_written_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    """As root, too, of whom no permission keeps anything."""
    assert main(["page", "--out", "/proc/a.html"]) == 1
    assert "Error: /proc/a.html cannot be written: " in capsys.readouterr().err


@pytest.mark.usefixtures("heeds_ctrl_c")
def test_ctrl_c_ends_the_training_with_a_word(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "lessons", "train", "--only", "digits", "--out", tmp_path / "a"],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "== digits\n"
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert said.endswith("\nInterrupted.\n")
    assert "Traceback" not in said
