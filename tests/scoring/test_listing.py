"""Which pictures an address means, and that each can then be read."""

import codecs
from pathlib import Path
from typing import Any

import fsspec
import pytest

from scoring import listing
from scoring.errors import ScoringError
from scoring.place import Place
from scoring.reading import Reader
from scoring.reference import Reference
from service.problems import Problem
from tests.scoring.archives import write_table, write_tar

MAX_BYTES = 1000


def listed(source: Path, column: str | None = None) -> list[Reference]:
    return list(listing.references(Place(str(source)), column))


def read(references: list[Reference], column: str | None = None) -> list[bytes | str]:
    """Each picture's bytes, or why there are none."""
    reader = Reader(column, MAX_BYTES)
    found: list[bytes | str] = []
    for reference in references:
        try:
            found.append(reader(reference))
        except Problem as problem:
            found.append(problem.detail)
    return found


def test_a_folder_means_its_files_and_what_is_in_its_tars_and_tables(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"a")
    write_tar(tmp_path / "b.tar", {"x/1.jpg": b"b1", "x/1.json": b"{}", "x/2.PNG": b"b2"})
    write_table(tmp_path / "c.parquet", image=[b"c0", b"c1"])
    references = listed(tmp_path)
    names = [reference.name.removeprefix(f"{tmp_path}/") for reference in references]
    assert dict(zip(names, read(references), strict=True)) == {
        "a.jpg": b"a",
        "b.tar#x/1.jpg": b"b1",
        "b.tar#x/2.PNG": b"b2",
        "c.parquet#0": b"c0",
        "c.parquet#1": b"c1",
    }


def test_a_list_means_its_lines_relative_to_where_it_lies(tmp_path: Path) -> None:
    (tmp_path / "lists").mkdir()
    (tmp_path / "lists" / "a.jpg").write_bytes(b"a")
    (tmp_path / "b.jpg").write_bytes(b"b")
    lines = f"a.jpg\r\n\n{tmp_path}/b.jpg\nfile://{tmp_path}/b.jpg\nmissing.jpg"
    (tmp_path / "lists" / "all.txt").write_text(lines)
    references = listed(tmp_path / "lists" / "all.txt")
    missing = "The picture cannot be read: No such file or directory."
    assert read(references) == [b"a", b"b", b"b", missing]
    assert references[-1].name == f"{tmp_path}/lists/missing.jpg"


def test_what_a_list_names_where_one_may_not_enter_or_beyond_a_home_is_a_reason(
    locked: Path,
) -> None:
    (locked.parent / "all.txt").write_text(f"~$b.jpg\n{locked}/a.jpg\n{locked}/a.tar\n")
    assert read(listed(locked.parent / "all.txt")) == [
        "The picture cannot be read: No such file or directory.",
        "The picture cannot be read: Permission denied.",
        "The archive cannot be read past its 0 pictures: Permission denied.",
    ]


def test_the_byte_order_mark_of_a_list_is_no_part_of_a_name(tmp_path: Path) -> None:
    """Windows' editors put one there."""
    (tmp_path / "a.jpg").write_bytes(b"a")
    (tmp_path / "all.txt").write_bytes(codecs.BOM_UTF8 + b"a.jpg\r\na.jpg\r\n")
    assert read(listed(tmp_path / "all.txt")) == [b"a", b"a"]


def test_a_link_that_leads_nowhere_is_a_row_with_its_reason(
    locked: Path,
) -> None:
    links = {
        "nowhere.jpg": ("gone", "The picture cannot be read: No such file or directory."),
        "itself.jpg": (
            "itself.jpg",
            "The picture cannot be read: Too many levels of symbolic links.",
        ),
        "through.jpg": ("a.jpg/b.jpg", "The picture cannot be read: Not a directory."),
        "locked.jpg": ("../locked/a.jpg", "The picture cannot be read: Permission denied."),
        "gone.tar": (
            "gone",
            "The archive cannot be read past its 0 pictures: No such file or directory.",
        ),
        "round.parquet": (
            "round.parquet",
            "The table cannot be read past row 0: Too many levels of symbolic links.",
        ),
    }
    folder = locked.parent / "in"
    folder.mkdir()
    (folder / "a.jpg").write_bytes(b"a")
    for name, (target, _) in links.items():
        (folder / name).symlink_to(target)
    references = listed(folder)
    found = {
        Path(reference.name).name: one
        for reference, one in zip(references, read(references), strict=True)
    }
    assert found == {"a.jpg": b"a"} | {name: why for name, (_, why) in links.items()}


def test_what_lies_elsewhere_is_listed_and_read_as_what_lies_here(tmp_path: Path) -> None:
    """By way of fsspec, whose files know less than those of this machine."""
    write_tar(tmp_path / "t.tar", {"1.jpg": b"t1", "2.jpg": b"t2"})
    write_table(tmp_path / "t.parquet", image=[b"p0"])
    (tmp_path / "a.jpg").write_bytes(b"a")
    box = Place("memory://box")
    try:
        for path in tmp_path.iterdir():
            (box / path.name).write_whole(path.read_bytes())
        (box / "all.txt").write_whole(b"a.jpg\nt.tar\nmemory://box/t.parquet\nmissing.jpg\n")
        references = list(listing.references(box / "all.txt", None))
        *found, missing = read(references)
        assert found == [b"a", b"t1", b"t2", b"p0"]
        assert str(missing).startswith("The picture cannot be read: ")
        assert [r.name for r in references[:2]] == [
            "memory://box/a.jpg",
            "memory://box/t.tar#1.jpg",
        ]
    finally:
        fsspec.filesystem("memory").rm("/", recursive=True)


def test_one_picture_means_itself(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"a")
    assert read(listed(tmp_path / "a.jpg")) == [b"a"]


@pytest.mark.parametrize(
    ("columns", "named"),
    [
        ({"id": [0] * 12, "image": [b"%d" % i for i in range(12)]}, None),
        ({"thumbnail": [b""] * 12, "content": [b"%d" % i for i in range(12)]}, None),
        ({"image": [b""] * 12, "other": [b"%d" % i for i in range(12)]}, "other"),
        ({"image": [{"bytes": b"%d" % i, "path": "x.jpg"} for i in range(12)]}, None),
        ({"photo": [{"bytes": b"%d" % i, "path": "x.jpg"} for i in range(12)]}, "photo"),
    ],
    ids=["image", "content", "named", "struct", "named struct"],
)
def test_the_bytes_of_a_table_are_found(
    tmp_path: Path, columns: dict[str, Any], named: str | None
) -> None:
    write_table(tmp_path / "t.parquet", **columns)
    references = listed(tmp_path / "t.parquet", named)
    assert read(references, named) == [b"%d" % i for i in range(12)]
    assert read(references[7:9], named) == [b"7", b"8"], "from the middle of a row group"


def test_the_addresses_of_a_table_are_found(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"a")
    write_table(tmp_path / "t.parquet", path=["a.jpg", None, f"{tmp_path}/a.jpg"], cls=["x"] * 3)
    found = read(listed(tmp_path / "t.parquet"))
    assert found == [b"a", "The row holds no address.", b"a"]


@pytest.mark.parametrize("ending", [".jpg", ".tar", ".parquet"])
def test_a_line_that_can_be_no_name_of_a_file_is_a_row_with_its_reason(
    tmp_path: Path, ending: str
) -> None:
    (tmp_path / "a.jpg").write_bytes(b"a")
    (tmp_path / "list.txt").write_bytes(b"a\0b" + ending.encode() + b"\na.jpg\n")
    trouble, found = read(listed(tmp_path / "list.txt"))
    assert isinstance(trouble, str)
    assert found == b"a"


def test_what_is_null_or_too_long_has_its_reason(tmp_path: Path) -> None:
    write_table(tmp_path / "t.parquet", image=[b"a", None, bytes(MAX_BYTES + 1)])
    write_tar(tmp_path / "t.tar", {"long.jpg": bytes(MAX_BYTES + 1)})
    (tmp_path / "long.jpg").write_bytes(bytes(MAX_BYTES + 1))
    too_long = f"The picture has over {MAX_BYTES} bytes, which is the most allowed. "
    too_long += "Scale it down: 512 pixels on the short side lose nothing."
    assert read(listed(tmp_path / "t.parquet")) == [b"a", "The row holds no picture.", too_long]
    assert read(listed(tmp_path / "t.tar")) == [too_long]
    assert read(listed(tmp_path / "long.jpg")) == [too_long]


def test_a_damaged_archive_is_a_reason_after_what_could_be_read(tmp_path: Path) -> None:
    whole = write_tar(tmp_path / "t.tar", {f"{i}.jpg": b"%d" % i for i in range(3)})
    (tmp_path / "t.tar").write_bytes(whole[: 2 * 1024] + b"x" * 512)
    *found, reason = read(listed(tmp_path / "t.tar"))
    assert found == [b"0", b"1"]
    assert isinstance(reason, str)
    assert reason.startswith("The archive cannot be read past its 2 pictures: ")


def test_a_damaged_table_in_a_folder_is_a_reason(tmp_path: Path) -> None:
    (tmp_path / "t.parquet").write_bytes(b"PAR1 not really")
    (reason,) = read(listed(tmp_path))
    assert isinstance(reason, str)
    assert reason.startswith("The table cannot be read past row 0: ")


def test_a_table_alone_without_pictures_is_refused_with_its_columns(tmp_path: Path) -> None:
    write_table(tmp_path / "t.parquet", number=[1], other=[2.5])
    with pytest.raises(ScoringError, match=r"number \(int64\), other \(double\).*--column"):
        listed(tmp_path / "t.parquet")


def test_what_does_not_exist_is_refused_with_what_may_be_given(tmp_path: Path) -> None:
    with pytest.raises(ScoringError, match=r"nowhere does not exist. Give a folder, a list"):
        listed(tmp_path / "nowhere")


def test_a_file_without_line_ends_is_no_list(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(bytes(100_000))
    with pytest.raises(ScoringError, match="it is no list"):
        listed(tmp_path / "a.txt")
