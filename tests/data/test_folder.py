import os
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from data import folder
from data.errors import DataError
from data.source import resolve

NOBODY = 65534


def touch(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"")
    return path


def labels_of(path: Path) -> dict[str, str]:
    return {str(c.path.relative_to(path)): c.label for c in folder.candidates(path)}


def test_labelled_folders_are_found_in_any_case_plural_and_depth(tmp_path):
    for name in ("Cats/1.jpg", "DOG/2023/may/2.jpg", "neither/3.jpg", "horses/4.jpg"):
        touch(tmp_path / name)
    assert labels_of(tmp_path) == {
        "Cats/1.jpg": "cat",
        "DOG/2023/may/2.jpg": "dog",
        "neither/3.jpg": "neither",
    }


def test_kaggle_names_carry_their_labels(tmp_path):
    for name in ("cat.0.jpg", "DOG.1.JPG", "neither.2.png", "catalogue.pdf", "README.md"):
        touch(tmp_path / name)
    assert labels_of(tmp_path) == {
        "cat.0.jpg": "cat",
        "DOG.1.JPG": "dog",
        "neither.2.png": "neither",
    }


@pytest.mark.parametrize("name", ["cat (3).jpg", "Cats_12.png", "cat-1 - Copy.jpg", "cat7.jpg"])
def test_what_renaming_makes_of_names_carries_their_labels_too(tmp_path, name):
    touch(tmp_path / "dog.1.jpg")
    assert labels_of(touch(tmp_path / name).parent) == {"dog.1.jpg": "dog", name: "cat"}


@pytest.mark.parametrize(
    "name", ["cat and dog.jpg", "neither cat nor dog.jpg", "catálogo.jpg", "cat_vs_dogs (2).jpg"]
)
def test_a_name_that_may_mean_either_is_not_used(tmp_path, name):
    for used in ("cat.1.jpg", "dog.1.jpg"):
        touch(tmp_path / used)
    assert sorted(labels_of(touch(tmp_path / name).parent)) == ["cat.1.jpg", "dog.1.jpg"]
    assert folder.unused(tmp_path) == name


def test_what_lies_under_no_label_is_named_folders_first(tmp_path):
    for name in ("bird/1.jpg", "Katze/2.jpg", "Katze/3.jpg", "cat/4.jpg", "dog/5.jpg"):
        touch(tmp_path / name)
    assert folder.unused(tmp_path) == "Katze/ (2 entries), bird/ (1 entries)"
    for i in range(9):
        touch(tmp_path / f"IMG_{i}.jpg")
    assert folder.unused(tmp_path) == (
        "Katze/ (2 entries), bird/ (1 entries), IMG_0.jpg, IMG_1.jpg and 7 more"
    )


def test_where_all_is_used_nothing_is_named(tmp_path):
    for name in ("cat/1.jpg", "dog.2.jpg", "neither/3.jpg", ".DS_Store", "@eaDir/4.jpg"):
        touch(tmp_path / name)
    assert folder.unused(tmp_path) == ""


def test_an_unknown_folder_that_may_not_be_listed_does_not_matter(foreign):
    for name in ("cat/1.jpg", "dog/2.jpg"):
        touch(foreign / name)
    (foreign / "private").mkdir(mode=0o000)
    assert len(folder.candidates(foreign)) == 2
    assert folder.unused(foreign) == "private/"


LITTER = (
    *("@eaDir", "#recycle", "@Recycle", "$RECYCLE.BIN", "#snapshot", "__MACOSX", "lost+found"),
    *(".trash", ".Trash-1000", ".snapshot"),
)


@pytest.mark.parametrize("name", LITTER)
def test_what_network_drives_and_archives_leave_behind_is_no_candidate(tmp_path, name):
    for picture in ("cat/1.jpg", "dog/2.jpg", f"dog/{name}/3.jpg", f"{name}/cat.4.jpg"):
        touch(tmp_path / picture)
    assert sorted(labels_of(tmp_path)) == ["cat/1.jpg", "dog/2.jpg"]


def test_hidden_files_and_file_managers_litter_are_no_candidates(tmp_path):
    for name in ("cat/1.jpg", "cat/.DS_Store", "cat/Thumbs.db", "dog/2.jpg", ".cat.jpg"):
        touch(tmp_path / name)
    assert sorted(labels_of(tmp_path)) == ["cat/1.jpg", "dog/2.jpg"]


@pytest.mark.parametrize(
    ("inner", "asked"),
    [
        ("cat/dogs", r"cat/dogs is inside cat/: is it cats or dogs\? Move it, or rename it"),
        ("Cats/2024/Dog", r"Cats/2024/Dog is inside Cats/: is it cats or dogs\?"),
        ("neither/cat", r"neither/cat is inside neither/: is it neither or cats\?"),
        ("dog/neither", r"dog/neither is inside dog/: is it dogs or neither\?"),
    ],
)
def test_a_labels_folder_inside_another_labels_is_asked_about(tmp_path, inner, asked):
    for name in ("cat.jpg", "dog.jpg", f"{inner}/1.jpg"):
        touch(tmp_path / name)
    with pytest.raises(DataError, match=asked):
        folder.candidates(tmp_path)


def test_folders_inside_a_labels_may_be_called_anything_else(tmp_path):
    for name in ("cat/cats/1.jpg", "cat/Cat/2.jpg", "cat/dogs' friends/3.jpg", "dog/4.jpg"):
        touch(tmp_path / name)
    assert sorted(labels_of(tmp_path).values()) == ["cat", "cat", "cat", "dog"]


def test_linked_folders_and_files_are_followed_and_broken_links_are_for_the_scan(tmp_path):
    touch(tmp_path / "elsewhere/1.jpg")
    pets = tmp_path / "pets"
    touch(pets / "dog/2.jpg")
    (pets / "cat").symlink_to(tmp_path / "elsewhere")
    (pets / "dog/3.jpg").symlink_to(pets / "dog/2.jpg")
    (pets / "dog/4.jpg").symlink_to(tmp_path / "gone.jpg")
    os.mkfifo(pets / "dog/5.jpg")
    assert sorted(labels_of(pets)) == ["cat/1.jpg", "dog/2.jpg", "dog/3.jpg", "dog/4.jpg"]


def test_linked_folders_within_are_followed_and_each_counts_once(tmp_path):
    touch(tmp_path / "nas/2024/may/1.jpg")
    touch(tmp_path / "nas/2024/4.jpg")
    pets = tmp_path / "pets"
    touch(pets / "dog/2.jpg")
    touch(pets / "cat/3.jpg")
    (pets / "cat/2024").symlink_to(tmp_path / "nas/2024")
    (pets / "cat/again").symlink_to(tmp_path / "nas/2024")
    (pets / "cat/loop").symlink_to(pets / "cat")
    assert sorted(labels_of(pets)) == [
        *("cat/2024/4.jpg", "cat/2024/may/1.jpg", "cat/3.jpg", "dog/2.jpg"),
    ]


def test_no_dogs_is_said_with_what_was_found_and_what_is_allowed(tmp_path):
    touch(tmp_path / "cat/1.jpg")
    touch(tmp_path / "puppies/2.jpg")
    with pytest.raises(
        DataError, match=r"No dogs in .*cat/ \(1 entries\), puppies/ .*cat/ and dog/.*cat\.\*"
    ):
        folder.candidates(tmp_path)


def test_an_empty_folder_holds_nothing(tmp_path):
    with pytest.raises(DataError, match=r"No cats and no dogs in .*, which holds nothing"):
        folder.candidates(tmp_path)


def test_a_name_that_is_neither_data_set_nor_folder_names_both(tmp_path):
    with pytest.raises(
        DataError, match=r"startr does not exist.*starter or oxford-pets, or a folder"
    ):
        resolve(str(tmp_path / "startr"))


def test_a_file_is_not_a_data_set(tmp_path):
    with pytest.raises(DataError, match="is not a folder"):
        resolve(str(touch(tmp_path / "pets.zip")))


@pytest.fixture
def foreign():
    """An empty folder of somebody who is not root, for whom every folder can be listed."""
    with TemporaryDirectory(prefix="foreign-", ignore_cleanup_errors=True) as name:
        if os.geteuid() == 0:
            os.chown(name, NOBODY, NOBODY)
            os.seteuid(NOBODY)
            yield Path(name)
            os.seteuid(0)
        else:
            yield Path(name)


def test_a_folder_that_may_not_be_listed_is_named(foreign):
    touch(foreign / "dog/1.jpg")
    (foreign / "cat").mkdir(mode=0o000)
    with pytest.raises(DataError, match=r"Cannot list .*cat: Permission denied. Make it readable"):
        folder.candidates(foreign)


@pytest.mark.parametrize("name", ["shut", "shut/pets", "shut/../shut/pets/cat"])
def test_a_folder_behind_one_that_may_not_be_entered_is_named(foreign, name):
    (foreign / "shut").mkdir(mode=0o000)
    with pytest.raises(
        DataError,
        match=rf"Cannot look at .*{name}: Permission denied\. .*may enter, or name starter",
    ):
        resolve(str(foreign / name))


def test_a_name_that_is_too_long_for_a_file_is_no_data_set():
    with pytest.raises(DataError, match=r"Cannot look at aaa.*: File name too long"):
        resolve("a" * 300)


def test_the_home_of_a_user_whom_nobody_knows_is_no_data_set():
    with pytest.raises(DataError, match=r"'~nobody-knows/x' begins with a home .*whole path"):
        resolve("~nobody-knows/x")


def test_where_dogs_are_missing_a_folder_that_may_not_be_listed_is_named(foreign):
    touch(foreign / "cat/1.jpg")
    (foreign / "puppies").mkdir(mode=0o000)
    with pytest.raises(DataError, match=r"Cannot list .*puppies: Permission denied"):
        folder.candidates(foreign)


def test_a_link_that_leads_back_to_itself_is_no_folder(tmp_path: Path) -> None:
    for label in ("cat", "dog"):
        (tmp_path / label).mkdir()
    (tmp_path / "loop").symlink_to("loop")
    assert "loop" in folder.unused(tmp_path)
