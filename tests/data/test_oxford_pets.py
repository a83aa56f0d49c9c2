from pathlib import Path

import pytest

from data import oxford_pets
from data.errors import DataError
from data.manifest import build
from data.source import Source, resolve

TORCHVISION = "torchvision comes with what trains, and this package does without it"


@pytest.fixture
def tiny_copy(tmp_path, make_picture) -> Path:
    """The data set's own layout with 15 cats and 15 dogs a half, where it is cached."""
    folder = tmp_path / "cache/oxford-iiit-pet"
    (folder / "images").mkdir(parents=True)
    (folder / "annotations").mkdir()
    for seed, part in enumerate(("trainval", "test")):
        lines = []
        for i in range(15):
            # As in the real files: breeds of cats are capitalized, species 1 is cat.
            for name, breed, species in ((f"Birman_{part}{i}", 7, 1), (f"pug_{part}{i}", 26, 2)):
                picture = make_picture(1000 * seed + 100 * species + i)
                picture.save(folder / f"images/{name}.jpg")
                lines.append(f"{name} {breed} {species} 1")
        (folder / f"annotations/{part}.txt").write_text("\n".join(lines) + "\n")
    return folder


def test_labels_are_torchvisions(tiny_copy):
    datasets = pytest.importorskip("torchvision.datasets", reason=TORCHVISION)
    ours = {c.path.stem: c.label for c in oxford_pets.candidates()}
    theirs = {}
    for part in ("trainval", "test"):
        pets = datasets.OxfordIIITPet(
            tiny_copy.parent, split=part, target_types="binary-category", download=False
        )
        names = (tiny_copy / f"annotations/{part}.txt").read_text().splitlines()
        for i, line in enumerate(names):
            theirs[line.split()[0]] = pets.bin_classes[pets[i][1]].lower()
    assert ours == theirs
    assert ours["Birman_test0"] == "cat"


@pytest.mark.usefixtures("tiny_copy")
def test_both_halves_are_split_by_content():
    manifest = build(resolve("oxford-pets"))
    assert sum(n for of in manifest.counts.values() for n in of.values()) == 60
    assert {row.path.stem.split("_")[1][:4] for row in manifest.part("train")} == {"trai", "test"}


def test_a_download_that_cannot_be_reached_says_what_else_can_be_done(monkeypatch):
    pytest.importorskip("torchvision", reason=TORCHVISION)
    for name in ("http_proxy", "https_proxy", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(
        DataError, match=r"could not be downloaded .*refused.*images\.tar\.gz.*starter, or a folder"
    ):
        resolve("oxford-pets")


@pytest.mark.parametrize("damage", ["Birman_1 7 3 1\n", "Birman_1 7\n", None])
def test_annotations_cut_short_are_refused(tiny_copy, damage):
    annotations = tiny_copy / "annotations/test.txt"
    annotations.unlink() if damage is None else annotations.write_text(damage)
    with pytest.raises(DataError, match=r"is incomplete.*Delete that folder"):
        oxford_pets.candidates()


def test_a_picture_that_was_not_unpacked_is_listed(tiny_copy):
    (tiny_copy / "images/pug_test3.jpg").unlink()
    manifest = build(Source("oxford-pets", tuple(oxford_pets.candidates())))
    (missing,) = manifest.excluded
    assert missing.reason == "unreadable: the file cannot be opened (No such file or directory)"
