"""Addresses: what they mean, what can be read there, and writing in one step."""

import os
from pathlib import Path

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from scoring import retries
from scoring.errors import ScoringError
from scoring.place import Place


@pytest.mark.parametrize(
    ("text", "folder", "address"),
    [
        ("/pictures/a.jpg", None, "/pictures/a.jpg"),
        ("file:///pictures/a.jpg", None, "/pictures/a.jpg"),
        ("a.jpg", "/lists", "/lists/a.jpg"),
        ("/b/a.jpg", "s3://bucket/lists", "/b/a.jpg"),
        ("cat/a.jpg", "s3://bucket/lists", "s3://bucket/lists/cat/a.jpg"),
        ("s3://bucket/a b?c#d%20.jpg", "/lists", "s3://bucket/a b?c#d%20.jpg"),
        ("s3://bucket/photos/", None, "s3://bucket/photos"),
        ("s3://bucket/", None, "s3://bucket"),
        ("memory:///box//", None, "memory:///box"),
        ("~$b.jpg", "/lists", "/lists/~$b.jpg"),
        ("~root/a.jpg", "/lists", "/lists/~root/a.jpg"),
    ],
)
def test_an_address_means(text: str, folder: str | None, address: str) -> None:
    assert Place.of(text, Place(folder) if folder else None).address == address


def test_a_relative_path_is_one_of_where_the_user_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert Place.of("a.jpg") == Place(str(tmp_path / "a.jpg"))


def test_a_home_is_meant_where_a_user_types_it_and_only_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/somebody")
    assert Place.of("~/a.jpg").address == "/home/somebody/a.jpg"
    assert Place.of("./~$b.jpg").address == f"{tmp_path}/~$b.jpg"
    with pytest.raises(ScoringError, match=r"~\$b\.jpg begins with ~, and there is no such home"):
        Place.of("~$b.jpg")


def test_what_lies_where_one_may_not_enter_is_said(locked: Path) -> None:
    with pytest.raises(ScoringError, match=r"a\.jpg cannot be looked at: Permission denied\."):
        Place(str(locked / "a.jpg")).kind()


def test_files_are_found_to_any_depth_and_hidden_ones_are_passed_over(tmp_path: Path) -> None:
    for name in ("a.jpg", "b/c/d.jpg", "b/.e.jpg", ".f/g.jpg"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / ".gone.jpg").symlink_to(tmp_path / "nowhere")
    (tmp_path / "b" / "round").symlink_to(tmp_path)
    os.mkfifo(tmp_path / "pipe.jpg")
    (tmp_path / "to-pipe.jpg").symlink_to("pipe.jpg")
    found = {place.address for place in Place(str(tmp_path)).files()}
    assert found == {str(tmp_path / "a.jpg"), str(tmp_path / "b/c/d.jpg")}


def test_linked_folders_are_followed_and_each_counts_once(tmp_path: Path) -> None:
    for name in ("nas/2024/a.jpg", "in/b.jpg"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "in/2024").symlink_to(tmp_path / "nas/2024")
    (tmp_path / "in/again").symlink_to(tmp_path / "nas/2024")
    found = [Path(place.address).name for place in Place(str(tmp_path / "in")).files()]
    assert sorted(found) == ["a.jpg", "b.jpg"]


def test_part_of_a_file_is_read_and_no_more_than_there_is(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"0123456789")
    place = Place(str(tmp_path / "a"))
    assert [place.read(4, 2), place.read(100, 8), place.read(1, 20)] == [b"2345", b"89", b""]


def test_a_file_is_written_whole_into_a_folder_that_is_made(tmp_path: Path) -> None:
    place = Place(str(tmp_path)) / "new" / "a"
    place.write_whole(b"one")
    place.write_whole(b"two")
    assert place.read(10) == b"two"
    assert place.folder.sizes() == {"a": 3}


def test_whatever_ends_the_writing_the_file_of_before_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = Place(str(tmp_path / "a"))
    place.write_whole(b"one")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        place.write_whole(b"two")
    assert [p.read_bytes() for p in tmp_path.iterdir()] == [b"one"]


def test_what_only_fsspec_knows_is_read_listed_and_written_too() -> None:
    folder = Place("memory://box/pictures")
    try:
        (folder / "cat" / "a.jpg").write_whole(b"cat")
        (folder / "b.jpg").write_whole(b"dog")
        found = {place.address: place.read(10) for place in folder.files()}
        assert found == {
            "memory://box/pictures/cat/a.jpg": b"cat",
            "memory://box/pictures/b.jpg": b"dog",
        }
        assert [folder.kind(), (folder / "b.jpg").kind(), (folder / "c").kind()] == [
            *("folder", "file", None)
        ]
    finally:
        fsspec.filesystem("memory").rm("/", recursive=True)


class Flaky(MemoryFileSystem):
    """Each second look at it fails, as a network does."""

    protocol = "flaky"
    looks = 0

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        stripped: str = super()._strip_protocol(path.replace("flaky://", "memory://"))
        return stripped

    def info(self, path: str, **options: object) -> dict[str, object]:
        self._fail_now_and_then()
        return super().info(path, **options)

    def ls(self, path: str, *args: object, **options: object) -> list[dict[str, object]]:
        self._fail_now_and_then()
        return super().ls(path, *args, **options)

    def _open(self, path: str, *args: object, **options: object) -> object:
        self._fail_now_and_then()
        return super()._open(path, *args, **options)

    def _fail_now_and_then(self) -> None:
        Flaky.looks += 1
        if Flaky.looks % 2:
            raise ConnectionResetError("the network failed")


def test_a_failure_of_the_network_is_no_missing_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retries, "FIRST_WAIT_S", 0)
    fsspec.register_implementation("flaky", Flaky, clobber=True)
    memory = fsspec.filesystem("memory")
    try:
        memory.pipe("/box/a.jpg", b"cat")
        monkeypatch.setattr(Flaky, "looks", 0)
        assert retries.persistently(lambda: Place("flaky://box/a.jpg").read(10)) == b"cat"
        monkeypatch.setattr(Flaky, "looks", 0)
        assert Place("flaky://box").sizes() == {"a.jpg": 3}
        assert Place("flaky://none").sizes() == {}
        with pytest.raises(FileNotFoundError):
            retries.persistently(lambda: Place("flaky://box/b.jpg").read(10))
    finally:
        memory.rm("/", recursive=True)


def test_an_unknown_scheme_is_refused_with_what_is_known() -> None:
    with pytest.raises(ScoringError, match=r"gopher://hole cannot be reached.*s3, gs, hdfs"):
        Place("gopher://hole/a.jpg").kind()


def test_what_cannot_be_reached_is_called_by_its_address() -> None:
    """Without Java and Hadoop's client as well as without such a machine."""
    with pytest.raises(ScoringError, match=r"hdfs://namenode\.invalid/in cannot be looked at: "):
        Place("hdfs://namenode.invalid/in").kind()


def test_names_that_are_not_utf_8_can_be_shown(tmp_path: Path) -> None:
    raw = os.fsencode(tmp_path) + b"/k\xe4tzchen.jpg"
    Path(os.fsdecode(raw)).write_bytes(b"cat")
    (place,) = Place(str(tmp_path)).files()
    assert place.read(10) == b"cat"
    assert str(place).endswith(r"k\xe4tzchen.jpg")
