import shutil
from pathlib import Path

import pytest

from data import audit_csv
from data.audit import LABEL, Finding
from data.decisions import Decisions
from data.decisions_csv import guarded, unguarded
from data.errors import DataError
from data.manifest import Manifest, build
from data.source import resolve
from tests.data.sides import side_by_content


def build_folder(
    folder: Path,
    exclude: Path | None = None,
    relabel: Path | None = None,
    previous: Manifest | None = None,
) -> Manifest:
    return build(resolve(str(folder)), previous, decisions=Decisions.read(exclude, relabel))


def written(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "audit.csv"
    path.write_bytes(text.encode(encoding))
    return path


def labels(manifest: Manifest) -> dict[str, str]:
    return {f"{row.path.parent.name}/{row.path.name}": row.label for row in manifest.rows}


def sha256(manifest: Manifest, name: str) -> str:
    (found,) = [r.sha256 for r in manifest.rows if f"{r.path.parent.name}/{r.path.name}" == name]
    return found


def test_a_decision_is_found_by_content_wherever_the_file_went(make_folder, tmp_path):
    folder = make_folder()
    before = build_folder(folder)
    gone, wrong = sha256(before, "cat/3.png"), sha256(before, "dog/4.png")
    file = written(
        tmp_path, f"path,decision,sha256\n/old/a.png,exclude,{gone}\n/old/b.png,cat,{wrong}\n"
    )
    (folder / "cat/3.png").rename(folder / "cat/renamed.png")
    moved = folder.rename(tmp_path / "moved")
    after = build_folder(moved, file, file)
    assert [(e.path.name, e.reason) for e in after.excluded] == [
        ("renamed.png", "excluded by audit.csv")
    ]
    assert labels(after)["dog/4.png"] == "cat"
    assert side_by_content(after) == {
        s: split for s, split in side_by_content(before).items() if s != gone
    }


def test_each_file_decides_only_what_it_is_given_for(make_folder, tmp_path):
    folder = make_folder()
    file = written(tmp_path, "path,decision\ncat/1.png,exclude\ncat/2.png,dog\ncat/3.png,keep\n")
    excluded, relabelled = build_folder(folder, exclude=file), build_folder(folder, relabel=file)
    assert labels(excluded).keys() == labels(relabelled).keys() - {"cat/1.png"}
    assert labels(excluded)["cat/2.png"] == "cat"
    assert labels(relabelled)["cat/2.png"] == "dog"
    assert relabelled.excluded == ()


def test_a_list_without_a_decision_column_excludes_every_row(make_folder, tmp_path):
    folder = make_folder()
    (tmp_path / "here").mkdir()
    file = written(tmp_path, f"path\n1.png\n{folder}/dog/2.png\n\ncat/5.png\n")
    with pytest.raises(
        DataError, match=r"line 2 .*\(1\.png\) means several .*cat/1\.png and .*dog/1"
    ):
        build_folder(folder, file)
    manifest = build_folder(folder, written(tmp_path, f"path\n{folder}/dog/2.png\n\ncat/5.png\n"))
    assert [e.path.name for e in manifest.excluded] == ["5.png", "2.png"]


def test_a_list_without_a_decision_column_relabels_to_its_label(make_folder, tmp_path):
    folder = make_folder()
    manifest = build_folder(folder, relabel=written(tmp_path, "path, label\ncat/1.png, Neither\n"))
    assert labels(manifest)["cat/1.png"] == "neither"


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_whatever_a_spreadsheet_saves_is_read(tmp_path, delimiter, encoding, newline):
    rows = [("Path", "Why", "Decision"), ('"cat/ä, ""1"".png"', '"a;b,c\td"', "EXCLUDE")]
    text = newline.join([*(delimiter.join(row) for row in rows), delimiter * 2, ""])
    file = written(tmp_path, text, encoding)
    (decision,) = Decisions.read(exclude=file).all
    assert (decision.path, decision.verdict, decision.line) == ('cat/ä, "1".png', "exclude", 2)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "begins with nothing; its first line must name the columns"),
        ("cat/1.png\ncat/2.png\n", "begins with cat/1.png; its first line must name"),
        (
            "path,decision\na.png,exclude\nb.png,wolf\n",
            r"Line 3 of .*: decision is 'wolf'; write "
            "exclude, cat, dog, neither or keep",
        ),
        ("path,decision\na.png,\n", "decides nothing: its column `decision` is empty"),
        ("path,sha256,decision\n,,exclude\n", "Line 2 of .* neither a sha256 nor a path"),
        ("sha256\n12ab\n", "Line 2 of .*: '12ab' is no sha256"),
        ('path\n"a.png\n', "cannot be read as CSV .*unexpected end of data"),
        (
            "path\n/gone/a.png\n",
            r"None of the 1 decisions in .*audit\.csv is of a picture of .*"
            r"line 2 of .*\(/gone/a\.png\)",
        ),
    ],
)
def test_a_file_that_makes_no_sense_is_refused_with_its_line(
    make_folder, tmp_path, text, complaint
):
    with pytest.raises(DataError, match=complaint):
        build_folder(make_folder(), exclude=written(tmp_path, text))


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("path\na.png\n", "has the columns path; to relabel it needs `decision` or `label`"),
        ("path,label\na.png,wolf\n", "Line 2 of .*: label is 'wolf'; write cat, dog or neither"),
        ("path,label\na.png\n", "Line 2 of .*: label is ''"),
        (
            "path,decision\ncat/1.png,dog\n1.png,neither\n",
            "cannot be both: line . .* says .*, line",
        ),
    ],
)
def test_labels_that_make_no_sense_are_refused(make_folder, tmp_path, text, complaint):
    with pytest.raises(DataError, match=complaint):
        build_folder(make_folder(), relabel=written(tmp_path, text))


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(DataError, match=r"none\.csv cannot be read as CSV \(No such file"):
        Decisions.read(exclude=tmp_path / "none.csv")


def test_decisions_on_pictures_that_are_gone_are_mentioned(make_folder, tmp_path, capsys):
    file = written(tmp_path, "path\ncat/1.png\ncat/gone.png\n")
    assert len(build_folder(make_folder(), file).excluded) == 1
    assert "1 of 2 decisions are of no picture" in capsys.readouterr().err


def test_leaving_out_goes_before_any_label(make_folder, tmp_path):
    file = written(tmp_path, "path,decision\ncat/1.png,dog\ncat/1.png,exclude\n")
    assert "cat/1.png" not in labels(build_folder(make_folder(), file, file))


def test_a_label_conflict_ends_with_one_label_for_both(make_folder, tmp_path):
    folder = make_folder()
    shutil.copy(folder / "cat/3.png", folder / "dog/99.png")
    digest = sha256(build_folder(make_folder("other")), "cat/3.png")
    manifest = build_folder(folder, relabel=written(tmp_path, f"sha256,label\n{digest},cat\n"))
    assert labels(manifest)["cat/3.png"] == "cat"
    assert [e.reason for e in manifest.excluded] == [f"duplicate of {folder}/cat/3.png"]


def test_a_label_by_path_holds_for_copies_that_nothing_was_decided_on(make_folder, tmp_path):
    folder = make_folder()
    for copy in ("cat/a copy.png", "dog/99.png"):
        shutil.copy(folder / "cat/3.png", folder / copy)
    relabel = written(tmp_path, "path,label\ncat/3.png,dog\n")
    manifest = build_folder(folder, relabel=relabel)
    assert labels(manifest)["cat/3.png"] == "dog"
    assert {e.reason for e in manifest.excluded} == {f"duplicate of {folder}/cat/3.png"}


@pytest.mark.parametrize("own", ["cat", "keep"])
def test_a_label_by_path_leaves_a_copy_with_a_decision_of_its_own_alone(make_folder, tmp_path, own):
    folder = make_folder()
    shutil.copy(folder / "cat/3.png", folder / "cat/copy.png")
    file = written(tmp_path, f"path,decision\ncat/3.png,dog\ncat/copy.png,{own}\n")
    manifest = build_folder(folder, relabel=file)
    assert [e.reason.split(":")[0] for e in manifest.excluded] == ["label conflict"] * 2


@pytest.mark.parametrize("named", ["link", "pets"])
@pytest.mark.parametrize("listed", ["link", "pets"])
def test_an_absolute_path_is_the_same_through_a_link(make_folder, tmp_path, named, listed):
    """`make train` looks where links lead before it lists, `make audit` doesn't."""
    (tmp_path / "link").symlink_to(make_folder())
    file = written(tmp_path, f"path\n{tmp_path / listed / 'cat/1.png'}\n")
    (left_out,) = build_folder(tmp_path / named, file).excluded
    assert left_out.path == tmp_path / named / "cat/1.png"


def test_an_absolute_path_of_a_link_to_a_file_does_not_mean_the_file(make_folder, tmp_path):
    folder = make_folder()
    (folder / "cat/link.png").symlink_to(folder / "cat/3.png")
    manifest = build_folder(folder, written(tmp_path, f"path\n{folder}/cat/link.png\n"))
    assert [e.path.name for e in manifest.excluded] == ["link.png"]
    assert "cat/3.png" in labels(manifest)


def test_a_path_leaves_out_one_copy_and_the_other_counts(make_folder, tmp_path):
    folder = make_folder()
    shutil.copy(folder / "cat/3.png", folder / "cat/copy.png")
    manifest = build_folder(folder, written(tmp_path, "path\ncat/3.png\n"))
    assert "cat/copy.png" in labels(manifest)
    assert [e.reason for e in manifest.excluded] == ["excluded by audit.csv"]


def test_pictures_keep_their_side_when_a_near_duplicate_is_left_out(
    make_folder, make_picture, tmp_path
):
    """The smallest sha256 of a group decides its side: without it, another would."""
    folder = make_folder()
    for i in range(30):
        for quality in (60, 90):
            make_picture(i).save(folder / f"cat/{i}-{quality}.jpg", quality=quality)
    before = build_folder(folder)
    train = before.part("train", ["cat"])
    groups = [[r.sha256 for r in train if r.path.stem.split("-")[0] == f"{i}"] for i in range(30)]
    leaders = [min(group) for group in groups if group]
    assert len(leaders) > 10
    file = written(tmp_path, "\n".join(["sha256", *leaders]))
    after = build_folder(folder, file)
    assert len(after.excluded) == len(leaders)
    assert side_by_content(after).items() <= side_by_content(before).items()
    assert side_by_content(build_folder(folder, file, previous=before)) == side_by_content(after)


def test_an_unreadable_file_may_be_decided_on_too(make_folder, tmp_path):
    folder = make_folder()
    (folder / "cat/empty.jpg").write_bytes(b"")
    (file,) = build_folder(folder, written(tmp_path, "path\ncat/empty.jpg\n")).excluded
    assert file.reason.startswith("unreadable: ")


def test_too_much_left_out_is_too_few_pictures(make_folder, tmp_path):
    names = "\n".join(f"cat/{i}.png" for i in range(25))
    with pytest.raises(
        DataError, match=r"Too few pictures .*5 of cat and 30 .*: 25 excluded by .*Add pictures, or"
    ):
        build_folder(make_folder(), written(tmp_path, f"path\n{names}\n"))


@pytest.mark.parametrize("text", ["=1+1", "+a", "-a", "@a", "\ta", "'=a", "'a", "''", "a", ""])
def test_no_cell_is_a_formula_and_all_are_read_as_they_were(text):
    assert not guarded(text).startswith(("=", "+", "-", "@", "\t", "\r"))
    assert unguarded(guarded(text)) == text


def test_what_the_audit_writes_decides_nothing_until_it_is_edited(make_folder, tmp_path):
    folder = make_folder()
    row = build_folder(folder).rows[0]
    strange = Finding(LABEL, Path("=cmd.png"), "", "cat", "dog", 0.5, "-why")
    finding = Finding(LABEL, row.path, row.sha256, "cat", "dog", 0.9, 'Because, "so".')
    path = tmp_path / "audit.csv"
    audit_csv.write(path, [finding, strange])
    with pytest.raises(DataError, match="decides nothing"):
        Decisions.read(exclude=path)
    text = path.read_text(encoding="utf-8-sig")
    assert "'=cmd.png" in text
    assert "'-why" in text
    path.write_text(text.replace("dog,,", "dog,dog,"), encoding="utf-8")
    decisions = Decisions.read(exclude=path, relabel=path)
    assert [d.path for d in decisions.all] == [str(row.path), "=cmd.png"]
    assert labels(build_folder(folder, path, path))[f"cat/{row.path.name}"] == "dog"
