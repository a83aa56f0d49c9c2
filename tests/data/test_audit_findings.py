import shutil
from pathlib import Path

import pytest

from data.audit import CONFLICT, DUPLICATE, NEAR, TINY, UNREADABLE, Finding, left_out, tiny
from data.decisions import Decisions
from data.manifest import build
from data.picture import Candidate
from data.source import Source, resolve
from service.artifact import sha256_of


def label_of(path: Path) -> str:
    return path.parent.name


def named(findings: list[Finding]) -> dict[str, Finding]:
    return {f"{label_of(f.path)}/{f.path.name}": f for f in findings}


def test_every_file_that_is_left_out_is_found_with_its_reason(make_folder):
    folder = make_folder()
    (folder / "cat/empty.jpg").write_bytes(b"")
    shutil.copy(folder / "cat/1.png", folder / "cat/copy.png")
    shutil.copy(folder / "cat/2.png", folder / "dog/77.png")
    found = named(left_out(build(resolve(str(folder))), label_of))
    assert {name: f.kind for name, f in found.items()} == {
        "cat/empty.jpg": UNREADABLE,
        "cat/copy.png": DUPLICATE,
        "cat/2.png": CONFLICT,
    }
    assert found["cat/empty.jpg"].why == "The picture is empty: 0 bytes came. It is left out."
    assert found["cat/copy.png"].other == folder / "cat/1.png"
    assert found["cat/copy.png"].sha256 == ""  # or to exclude it would exclude the original
    assert found["cat/2.png"].other == folder / "dog/77.png"
    assert "is a cat as" in found["cat/2.png"].why


@pytest.mark.parametrize(
    "name", ["shown in the test.jpg", "shown, in (the) test (test), duplicate of.jpg"]
)
def test_a_leak_is_found_whatever_its_name(make_folder, make_picture, name):
    source = resolve(str(make_folder()))
    path = source.candidates[0].path.with_name(name)
    make_picture(0).save(path, quality=80)
    dog = next(c for c in source.candidates if c.label == "dog")
    fixed = (Candidate(path, "cat", "test"), Candidate(dog.path, "dog", "test"))
    manifest = build(Source("pets", (*source.candidates, *fixed)))
    (leak,) = [f for f in left_out(manifest, label_of) if f.kind == NEAR]
    assert leak.path.name == "0.png"
    assert (leak.other, leak.sha256) == (path, sha256_of(leak.path))
    assert leak.why.startswith("A near duplicate is in a part that the data set fixes")


def test_of_two_contents_with_two_labels_each_is_found(make_folder):
    folder = make_folder()
    for i in (1, 2):
        shutil.copy(folder / f"cat/{i}.png", folder / f"dog/7{i}.png")
        shutil.copy(folder / f"cat/{i}.png", folder / f"cat/9{i}.png")
    found = left_out(build(resolve(str(folder))), label_of)
    assert [(f.path.name, f.other, f.sha256) for f in found] == [
        (f"{i}.png", folder / f"dog/7{i}.png", sha256_of(folder / f"cat/{i}.png")) for i in (1, 2)
    ]


def test_what_people_left_out_is_no_finding(make_folder, tmp_path):
    (tmp_path / "unreadable: duplicate.csv").write_text("path\ncat/1.png\n")
    decisions = Decisions.read(tmp_path / "unreadable: duplicate.csv", None)
    manifest = build(resolve(str(make_folder())), decisions=decisions)
    assert len(manifest.excluded) == 1
    assert left_out(manifest, label_of) == []


def test_tiny_pictures_are_found_unless_most_are_tiny(make_folder, make_picture):
    folder = make_folder()  # 64 x 48
    assert tiny(build(resolve(str(folder)))) == []
    for label, seed in (("cat", 0), ("dog", 10_000)):
        for i in range(30):
            make_picture(seed + i, (96, 64 if i else 63)).save(folder / f"{label}/{i}.png")
    found = tiny(build(resolve(str(folder))))
    assert sorted(named(found)) == ["cat/0.png", "dog/0.png"]
    assert {f.kind for f in found} == {TINY}
    assert all("96 x 63" in f.why for f in found)


def test_a_conflict_that_a_decision_made_is_told_by_the_labels_decided(make_folder, tmp_path):
    folder = make_folder()
    shutil.copy(folder / "cat/1.png", folder / "cat/copy.png")
    relabel = tmp_path / "relabel.csv"
    relabel.write_text("path,label\ncat/1.png,cat\ncat/copy.png,dog\n")
    decisions = Decisions.read(None, relabel)
    (found,) = left_out(build(resolve(str(folder)), decisions=decisions), label_of)
    assert (found.kind, found.path.name, found.other) == (
        CONFLICT,
        "1.png",
        folder / "cat/copy.png",
    )
    assert "is a cat as" in found.why
    assert "and a dog as" in found.why
