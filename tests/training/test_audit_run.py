"""The whole audit, of pictures made here and of photographs with planted errors."""

import csv
import errno
import os
import re
import shutil
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from data.audit import CONFLICT, DUPLICATE, LABEL, NEAR, NO_ANIMAL, TINY, UNREADABLE
from data.decisions import Decisions
from data.manifest import build
from data.source import resolve
from tests.pictures import encode
from tests.training.conftest import save_picture
from training.__main__ import main
from training.audit import AuditResult, audit, auditing, table
from training.errors import TrainingError


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Reddish cats and bluish dogs with one error of each kind that a colour can tell."""
    folder = tmp_path_factory.mktemp("planted") / "pets"
    for label in ("cat", "dog"):
        for i in range(40):
            save_picture(folder / label / f"{i}.png", label, i)
    save_picture(folder / "cat/wrong.png", "dog", 99)
    with Image.open(folder / "dog/7.png") as image:
        image.save(folder / "dog/again.jpg", quality=90)
        image.resize((20, 15)).save(folder / "dog/tiny.png")
    shutil.copy(folder / "dog/8.png", folder / "dog/copy.png")
    shutil.copy(folder / "dog/9.png", folder / "cat/conflict.png")
    (folder / "cat/cut.png").write_bytes((folder / "cat/3.png").read_bytes()[:900])
    (folder / "dog/=<script>alert(1)<.png").write_bytes(b"")
    for path in folder.glob("*/*.png"):  # nothing else of 64 x 48 shall be tiny
        if path.stem != "tiny" and path.stat().st_size > 1000:
            with Image.open(path) as image:
                image.resize((96, 72)).save(path)
    return folder


@pytest.fixture(scope="module")
def audited(
    planted: Path, weights_file: Path, tmp_path_factory: pytest.TempPathFactory
) -> AuditResult:
    """Its audit. Not to be changed."""
    folder = tmp_path_factory.mktemp("audited")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CATDOG_CACHE", str(folder / "cache"))
        return audited_by(weights_file, planted, folder / "out")


def audited_by(weights_file: Path, pictures: Path, out: Path | None, **files: Path) -> AuditResult:
    return audit(str(pictures), out, backbone="resnet18", weights=str(weights_file), **files)


def kinds(result: AuditResult) -> dict[str, set[str]]:
    """name -> the kinds of findings on it"""
    found: dict[str, set[str]] = {}
    for finding in result.findings:
        name = f"{finding.path.parent.name}/{finding.path.name}"
        found.setdefault(name, set()).add(finding.kind)
    return found


def lines(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


def test_every_planted_error_is_found(audited: AuditResult) -> None:
    found = kinds(audited)
    assert LABEL in found["cat/wrong.png"]
    assert found["dog/copy.png"] == {DUPLICATE}
    assert found["cat/conflict.png"] == {CONFLICT}
    assert found["cat/cut.png"] == found["dog/=<script>alert(1)<.png"] == {UNREADABLE}
    assert {NEAR, TINY} <= found["dog/tiny.png"]
    assert NEAR in found["dog/again.jpg"] | found.get("dog/7.png", set())


def test_the_page_needs_nothing_else_and_runs_nothing(audited: AuditResult) -> None:
    html = (audited.folder / "audit.html").read_text(encoding="utf-8")
    assert "<script" not in html
    assert "&lt;script&gt;alert(1)&lt;" in html
    assert set(re.findall(r'(?:src|href)="([^#"]{1,11})', html)) == {"data:,", "data:image/"}
    shown = sum(2 if finding.other else 1 for finding in audited.findings)
    assert html.count("<figure>") == shown
    assert html.count("no picture") == 2  # those that cannot be read


def test_the_csv_has_every_finding_and_no_decision(audited: AuditResult) -> None:
    written = lines(audited.folder / "audit.csv")
    assert [(w["kind"], w["path"]) for w in written] == [
        (f.kind, str(f.path)) for f in audited.findings
    ]
    assert {w["decision"] for w in written} == {""}
    assert sum(audited.counts.values()) == len(written)
    assert sorted(p.name for p in audited.folder.parent.iterdir()) == ["cache", "out"]


def test_the_table_counts_and_says_where_to_look(audited: AuditResult) -> None:
    said = table(audited)
    assert "one picture, two labels" in said
    assert str(audited.folder / "audit.html") in said


def test_what_was_decided_is_heeded_and_not_asked_again_in_a_new_folder(
    audited: AuditResult, planted: Path, weights_file: Path, tmp_path: Path
) -> None:
    text = (audited.folder / "audit.csv").read_text(encoding="utf-8-sig")
    edited = tmp_path / "edited.csv"
    decided = text.replace("label,cat,dog,,", "label,cat,dog,dog,")
    decided = decided.replace("conflict,cat,,,", "conflict,cat,,dog,")
    decided = decided.replace("conflict,cat,dog,,", "conflict,cat,dog,dog,")
    edited.write_text(decided.replace("tiny,dog,,,", "tiny,dog,,exclude,"), encoding="utf-8")
    manifest = build(resolve(str(planted)), decisions=Decisions.read(edited, edited))
    label = {row.path.name: row.label for row in manifest.rows}
    assert label["wrong.png"] == "dog"
    assert label["conflict.png"] == "dog"
    assert "excluded by edited.csv" in {file.reason for file in manifest.excluded}

    again = audited_by(weights_file, planted, None, exclude=edited, relabel=edited)
    assert again.folder.parent == tmp_path / "runs"
    assert again.folder.name.startswith("audit-pets-2")
    assert kinds(again).keys().isdisjoint({"cat/wrong.png", "dog/tiny.png", "cat/conflict.png"})
    assert DUPLICATE in kinds(again)["dog/copy.png"]


def test_a_folder_that_may_hold_decisions_is_not_replaced(
    audited: AuditResult, planted: Path, weights_file: Path
) -> None:
    before = (audited.folder / "audit.csv").stat()
    with pytest.raises(TrainingError, match=r"out is there already, and an audit\.csv"):
        audited_by(weights_file, planted, audited.folder)
    assert (audited.folder / "audit.csv").stat() == before


def test_a_disk_that_is_full_leaves_nothing_half_written(
    audited: AuditResult, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("training.audit.page.render", full)
    with pytest.raises(TrainingError, match=r"cannot be written to .*out \(No space left"):
        auditing.write(audited._replace(folder=tmp_path / "out"))
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_refused_before_any_work(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(TrainingError, match=r"cannot be written to .*out \(.*[Ff]ile"):
        audit("no source needed", tmp_path / "file/out")


def test_a_folder_that_may_not_be_written_to_is_refused_before_any_work() -> None:
    with pytest.raises(TrainingError, match=r"cannot be written to /proc/out \("):
        audit("no source needed", Path("/proc/out"))


def test_the_command_takes_places_in_ones_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for word in ("--exclude", "--relabel"):
        assert main(["audit", "starter", "--out", "~/out", word, "~/gone.csv"]) == 1
        assert f"Error: {tmp_path}/gone.csv cannot be read" in capsys.readouterr().err
    (tmp_path / "out").touch()
    assert main(["audit", "starter", "--out", "~/out"]) == 1
    assert f"Error: {tmp_path}/out is there already" in capsys.readouterr().err


def test_the_command_passes_on_what_it_is_given(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, gone = tmp_path / "out", tmp_path / "gone.csv"
    assert main(["audit", str(tmp_path / "none"), "--out", str(out)]) == 1
    assert "none does not exist" in capsys.readouterr().err
    assert main(["audit", "starter", "--out", str(out), "--exclude", str(gone)]) == 1
    assert "gone.csv cannot be read" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.photographs
@pytest.mark.registry
def test_planted_errors_among_photographs_are_found(photographs: Path, tmp_path: Path) -> None:
    """Of 300 photographs, 15 with the other label, a mirror image, and a drawing of a cat."""
    flipped = set()
    for label, other in (("cat", "dog"), ("dog", "cat")):
        for i, path in enumerate(sorted((photographs / label).iterdir())[:150]):
            given = other if i % 20 == 3 else label
            target = tmp_path / "some" / given / path.name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)
            flipped |= {f"{given}/{path.name}"} if given == other else set()
    (tmp_path / "some/cat/face.png").write_bytes(drawing())
    original = sorted((tmp_path / "some/dog").glob("dog.*"))[50]
    with Image.open(original) as image:
        mirrored = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        mirrored.save(tmp_path / "some/dog/mirrored.png")

    result = audit(str(tmp_path / "some"), tmp_path / "out", weights="npm")
    found = kinds(result)
    assert len(flipped) == 16
    errors = {name for name, of in found.items() if LABEL in of}
    assert len(errors & flipped) >= 13
    assert len(errors - flipped) <= 5
    assert NO_ANIMAL in found["cat/face.png"]
    assert {f.path for f in result.findings if f.kind == NEAR} & {
        original,
        original.with_name("mirrored.png"),
    }


def drawing() -> bytes:
    """Lines on white: a head with ears, and a word."""
    image = Image.new("RGB", (300, 300), "white")
    draw = ImageDraw.Draw(image)
    draw.ellipse((70, 80, 230, 240), outline="black", width=5)
    draw.line((80, 120, 90, 40, 140, 90), fill="black", width=5)
    draw.line((160, 90, 210, 40, 220, 120), fill="black", width=5)
    for x in (115, 165):
        draw.ellipse((x, 130, x + 20, 150), fill="black")
    draw.text((100, 250), "NO PHOTO", fill="black", font_size=24)
    return encode(image)
