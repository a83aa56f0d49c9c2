import shutil
from pathlib import Path

import pytest

from data.decisions import Decisions
from data.errors import DataError
from data.manifest import Manifest, build, read_bytes, unsplit
from data.picture import Candidate
from data.source import Source, resolve
from tests.data.sides import side_by_content


def build_folder(folder: Path, previous: Manifest | None = None) -> Manifest:
    return build(resolve(str(folder)), previous)


def reasons(manifest: Manifest) -> dict[str, str]:
    return {f"{e.path.parent.name}/{e.path.name}": e.reason for e in manifest.excluded}


def test_pictures_keep_their_side_when_the_folder_grows_is_moved_and_renamed(make_folder, tmp_path):
    before = build_folder(make_folder(cats=40, dogs=40))
    grown = make_folder(cats=80, dogs=60)
    for path in [*grown.glob("cat/*")]:
        path.rename(path.with_name(f"renamed {path.name}"))
    moved = grown.rename(tmp_path / "moved")
    after = side_by_content(build_folder(moved))
    assert len(after) == 140
    assert side_by_content(before).items() <= after.items()


def test_the_digest_knows_contents_labels_and_sides_but_no_names(make_folder, tmp_path):
    folder = make_folder()
    digest = build_folder(folder).digest
    (folder / "cat/0.png").rename(folder / "cat/zero.png")
    assert build_folder(folder.rename(tmp_path / "moved")).digest == digest
    (tmp_path / "moved/cat/zero.png").rename(tmp_path / "moved/dog/zero.png")
    assert build_folder(tmp_path / "moved").digest != digest


def test_re_encoded_and_resized_copies_land_beside_their_originals(make_folder, make_picture):
    folder = make_folder()
    for i in range(30):
        make_picture(i).resize((32, 24)).save(folder / f"cat/{i}-small.jpg", quality=80)
        make_picture(i, (640, 480)).save(folder / f"cat/{i}-large.jpg", quality=30)
    manifest = build_folder(folder)
    side = {row.path.name: row.split for row in manifest.rows if row.label == "cat"}
    assert len(side) == 90
    for i in range(30):
        assert side[f"{i}.png"] == side[f"{i}-small.jpg"] == side[f"{i}-large.jpg"]


def test_copies_that_come_later_join_their_originals_and_move_none(make_folder, make_picture):
    folder = make_folder()
    before = build_folder(folder)
    for i in range(30):
        make_picture(i).resize((32, 24)).save(folder / f"cat/{i}-small.jpg", quality=80)
    after = build_folder(folder, before)
    side = {row.path.name: row.split for row in after.rows if row.label == "cat"}
    assert side_by_content(before).items() <= side_by_content(after).items()
    assert all(side[f"{i}.png"] == side[f"{i}-small.jpg"] for i in range(30))


def test_blank_walls_are_not_near_duplicates_of_each_other(make_folder, make_picture):
    folder = make_folder()
    for level in range(100, 130):
        make_picture(0).point(lambda _, level=level: level).save(folder / f"cat/{level}.png")
    blank = [row for row in build_folder(folder).rows if row.path.stem.isdigit() and not row.phash]
    assert len(blank) == 30
    assert len({row.split for row in blank}) == 3


def test_an_exact_duplicate_counts_once(make_folder):
    folder = make_folder()
    shutil.copy(folder / "cat/3.png", folder / "cat/copy of 3.png")
    manifest = build_folder(folder)
    assert len(manifest.rows) == 60
    assert reasons(manifest) == {"cat/copy of 3.png": f"duplicate of {folder}/cat/3.png"}


def test_of_duplicates_the_one_in_a_fixed_part_counts(make_folder):
    source = resolve(str(make_folder()))
    first = source.candidates[0]
    shown = shutil.copy(first.path, first.path.with_name("shown in the test.png"))
    dog = next(c for c in source.candidates if c.label == "dog")
    fixed = (Candidate(shown, "cat", "test"), Candidate(dog.path, "dog", "test"))
    manifest = build(Source("pets", (*source.candidates, *fixed)))
    assert {row.path for row in manifest.part("test")} == {shown, dog.path}
    assert first.path in {file.path for file in manifest.excluded}


def test_a_picture_under_two_labels_counts_under_none(make_folder):
    folder = make_folder()
    shutil.copy(folder / "cat/3.png", folder / "dog/99.png")
    manifest = build_folder(folder)
    reason = (
        f"label conflict: the same picture is a cat as {folder}/cat/3.png "
        f"and a dog as {folder}/dog/99.png"
    )
    assert reasons(manifest) == {"cat/3.png": reason, "dog/99.png": reason}
    assert len(manifest.rows) == 59


def test_files_that_are_no_pictures_are_listed_with_reasons(make_folder):
    folder = make_folder()
    (folder / "cat/empty.jpg").write_bytes(b"")
    (folder / "cat/notes.txt").write_text("feed at noon")
    whole = (folder / "dog/0.png").read_bytes()
    (folder / "dog/cut.png").write_bytes(whole[: len(whole) // 2])
    found = reasons(build_folder(folder))
    assert sorted(found) == ["cat/empty.jpg", "cat/notes.txt", "dog/cut.png"]
    assert "0 bytes" in found["cat/empty.jpg"]
    assert "not an image of a kind we take" in found["cat/notes.txt"]
    assert "truncated or damaged" in found["dog/cut.png"]
    assert all(reason.startswith("unreadable: ") for reason in found.values())


def test_width_and_height_are_those_of_the_file_before_rotation(make_folder, make_picture):
    folder = make_folder()
    picture = make_picture(77, (2400, 1600))
    exif = picture.getexif()
    exif[0x0112] = 6  # turn by 90 degrees
    picture.save(folder / "cat/phone.jpg", exif=exif)
    (phone,) = [row for row in build_folder(folder).rows if row.path.name == "phone.jpg"]
    assert (phone.width, phone.height) == (2400, 1600)


def test_too_few_distinct_cats_are_counted(make_folder):
    folder = make_folder(cats=9)
    shutil.copy(folder / "cat/0.png", folder / "cat/copy.png")
    with pytest.raises(
        DataError,
        match=r"9 of cat and 30 of dog .*: 1 exact duplicates\).*at least 10 .*Add pictures\.",
    ):
        build_folder(folder)


def test_where_too_few_can_be_read_the_reasons_are_counted_and_the_first_is_named(make_folder):
    folder = make_folder(cats=0)
    for i in range(12):
        (folder / f"cat/{i:02}.jpg").write_bytes(b"")
    (folder / "cat/link.jpg").symlink_to(folder / "gone.jpg")
    with pytest.raises(
        DataError,
        match=r"0 of cat .*\(13 files left out: 12 unreadable; 1 links to no file\).*"
        r"Mend or replace .*; the first is .*/cat/00\.jpg: The picture is empty",
    ):
        build_folder(folder)


def test_where_too_few_count_the_commonest_reason_is_what_to_mend(make_folder):
    folder = make_folder()
    for i in range(25):
        shutil.copy(folder / f"dog/{i}.png", folder / f"cat/of-dog-{i}.png")
    for i in range(3):
        (folder / f"cat/bad-{i}.jpg").write_bytes(b"")
    with pytest.raises(
        DataError,
        match=r"5 of dog .*: 50 under two labels; 3 unreadable\).* "
        r"Keep each picture under its right label alone; the first is .*of-dog-0\.png: label ",
    ):
        build_folder(folder)


@pytest.fixture
def out_of_reach(make_folder):
    """A folder with a file that gives an I/O error, whoever reads it: a process's memory."""
    folder = make_folder()
    (folder / "cat/bad.png").symlink_to("/proc/self/mem")
    return folder


def test_a_file_that_cannot_be_read_this_time_is_not_lost(out_of_reach):
    with pytest.raises(
        DataError, match=r"1 files of .* could not be read.*/cat/bad\.png: .*Input/output error"
    ):
        build_folder(out_of_reach)


def test_a_file_that_is_decided_to_be_left_out_need_not_be_read(out_of_reach, tmp_path):
    (tmp_path / "dead.csv").write_text("path\ncat/bad.png\n")
    manifest = build(resolve(str(out_of_reach)), decisions=Decisions.read(tmp_path / "dead.csv"))
    assert [file.path.name for file in manifest.excluded] == ["bad.png"]


def test_what_is_under_no_label_is_said_once_where_pictures_are_read(make_folder, capsys):
    folder = make_folder()
    (folder / "bird").mkdir()
    source = resolve(str(folder))
    assert capsys.readouterr().err == ""
    build(source)
    assert capsys.readouterr().err == (
        "Not used: bird/ (0 entries). Used are cat/, dog/, neither/ and files whose names begin "
        "so.\n"
    )


def test_both_classes_are_in_each_part_of_the_smallest_set(make_folder):
    manifest = build_folder(make_folder(cats=10, dogs=10))
    assert all(of["cat"] and of["dog"] for of in manifest.counts.values())


def test_a_part_is_cats_and_dogs_unless_asked_for_more(make_folder, make_picture):
    folder = make_folder()
    (folder / "neither").mkdir()
    for i in range(30):
        make_picture(500 + i).save(folder / f"neither/{i}.png")
    manifest = build_folder(folder)
    assert {row.label for row in manifest.part("train")} == {"cat", "dog"}
    assert {row.label for row in manifest.part("train", ["neither"])} == {"neither"}
    assert sum(manifest.counts[s]["neither"] for s in ("train", "val", "test")) == 30


def test_csv_gives_back_what_was_saved_whatever_the_names(make_folder, tmp_path):
    folder = make_folder()
    for name in ('comma, "quote"', "line\nbreak", "katze-ä", "not utf-8 \udcff"):
        (folder / "cat/0.png").replace(folder / f"cat/{name}.png")
        shutil.copy(folder / f"cat/{name}.png", folder / "cat/0.png")
    manifest = build_folder(folder)
    assert len(manifest.excluded) == 4
    manifest.save(tmp_path / "new/manifest.csv")
    assert Manifest.load(tmp_path / "new/manifest.csv") == manifest
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["manifest.csv"]


def test_a_failed_save_leaves_the_old_manifest_and_nothing_else(make_folder, tmp_path):
    manifest = build_folder(make_folder())
    (tmp_path / "out/manifest.csv").mkdir(parents=True)
    with pytest.raises(DataError, match=r"Cannot write the manifest .*Is a directory"):
        manifest.save(tmp_path / "out/manifest.csv")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["manifest.csv"]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "its columns are None"),
        ("a,b\n1,2\n", "its columns are"),
        ("{header}\n/a.png,wolf,train,00,00,1,1,\n", "line 2: label 'wolf'"),
        ("{header}\n/a.png,cat,train,00,00,wide,1,\n", "line 2: invalid literal"),
        ("{header}\n/a.png,cat\n", "line 2: label 'cat' and split None"),
    ],
)
def test_a_file_that_is_no_manifest_is_refused_with_its_line(tmp_path, text, complaint):
    header = "path,label,split,sha256,phash,width,height,excluded"
    path = tmp_path / "manifest.csv"
    path.write_text(text.format(header=header))
    with pytest.raises(DataError, match=complaint):
        Manifest.load(path)


def test_a_manifest_that_is_not_there_says_how_to_make_it(tmp_path):
    with pytest.raises(DataError, match=r"There is no manifest .*python -m data DATA --out"):
        Manifest.load(tmp_path / "manifest.csv")


def test_a_picture_that_is_gone_is_named(make_folder):
    folder = make_folder()
    manifest = build_folder(folder)
    manifest.check()
    gone = folder / "dog/7.png"
    gone.unlink()
    with pytest.raises(DataError, match=r"1 of the manifest's 60 pictures are gone.*dog/7\.png"):
        manifest.check()
    (row,) = [row for row in manifest.rows if row.path == gone]
    with pytest.raises(DataError, match=r"dog/7\.png .* cannot be read .*build the manifest again"):
        read_bytes(row)


def test_bytes_are_those_that_were_scanned_or_none(make_folder):
    folder = make_folder()
    row = build_folder(folder).rows[0]
    assert read_bytes(row) == row.path.read_bytes()
    shutil.copy(folder / "dog/1.png", row.path)
    with pytest.raises(DataError, match="has changed since the manifest was built"):
        read_bytes(row)


def test_where_nothing_is_trained_few_pictures_of_one_burst_will_do(make_folder, make_picture):
    folder = make_folder(cats=0, dogs=3)
    for i in range(4):
        make_picture(1).resize((200 + i, 150 + i)).save(folder / f"cat/{i}.png")
    (folder / "cat/copy.png").write_bytes((folder / "cat/0.png").read_bytes())
    manifest = unsplit(resolve(str(folder)))
    assert manifest.counts["test"] == {"cat": 4, "dog": 3, "neither": 0}
    assert [file.path.name for file in manifest.excluded] == ["copy.png"]
