"""Shards: every picture as it was, where the index says, in tars that others can read too."""

import json
import os
import shutil
import subprocess
import sys
import tarfile
from collections import defaultdict
from pathlib import Path

import pytest

from data import manifest_csv, sharding, shards
from data.decisions import Decision, Decisions
from data.errors import DataError
from data.manifest import Manifest, build, read_bytes
from data.picture import SPLITS
from data.source import resolve
from tests.folder import contents


@pytest.fixture
def pets(make_folder) -> Manifest:
    return build(resolve(str(make_folder())))


@pytest.fixture
def folder(pets: Manifest, tmp_path: Path) -> Path:
    """Those pictures in shards of a few each."""
    folder = tmp_path / "shards"
    assert sharding.write(pets, folder, shard_mb=0.02) > len(SPLITS)
    return folder


def members(tar: Path) -> dict[str, dict[str, bytes]]:
    """As a WebDataset is read: files by what is before the first dot, then by what is after."""
    samples: dict[str, dict[str, bytes]] = defaultdict(dict)
    with tarfile.open(tar, "r:") as archive:
        for member in archive:
            key, _, kind = member.name.partition(".")
            samples[key][kind] = archive.extractfile(member).read()
    return samples


def test_every_picture_comes_back_as_it_was_with_all_that_is_known_of_it(
    pets: Manifest, folder: Path
) -> None:
    again = build(resolve(str(folder)))
    assert again.digest == pets.digest
    assert len(again.rows) == len(pets.rows)
    for ours, theirs in zip(again.rows, pets.rows, strict=True):  # in the same order
        assert read_bytes(ours) == theirs.path.read_bytes()
        assert (ours.label, ours.split, ours.phash) == (theirs.label, theirs.split, theirs.phash)
        assert (ours.width, ours.height) == (theirs.width, theirs.height)


def test_the_tars_are_a_webdataset(pets: Manifest, folder: Path) -> None:
    rows = {row.sha256: row for row in pets.rows}
    seen = []
    for tar in folder.glob("*.tar"):
        for key, sample in members(tar).items():
            described = json.loads(sample["json"])
            row = rows[key]
            assert sample["png"] == row.path.read_bytes()
            assert described["label"] == row.label
            assert described["sha256"] == key
            assert described["name"] == row.path.name
            assert described["split"] == tar.name.partition("-")[0] == row.split
            seen.append(key)
    assert sorted(seen) == sorted(rows)


def test_within_a_shard_labels_are_mixed(folder: Path) -> None:
    for tar in folder.glob("train-*.tar"):
        if len(samples := members(tar)) > 8:
            labels = [json.loads(sample["json"])["label"] for sample in samples.values()]
            assert labels != sorted(labels)
            assert set(labels) == {"cat", "dog"}


def test_the_same_pictures_give_the_same_bytes(
    pets: Manifest, folder: Path, tmp_path: Path
) -> None:
    sharding.write(pets, tmp_path / "again", shard_mb=0.02)
    for path in folder.iterdir():
        assert (tmp_path / "again" / path.name).read_bytes() == path.read_bytes()


def test_shards_can_be_moved(folder: Path, tmp_path: Path) -> None:
    shutil.move(folder, tmp_path / "elsewhere")
    manifest = build(resolve(str(tmp_path / "elsewhere")))
    manifest.check()
    assert all(read_bytes(row) for row in manifest.rows)


def test_fewer_shards_than_before_leave_none_of_those(pets: Manifest, folder: Path) -> None:
    assert sharding.write(pets, folder) == len(SPLITS)
    assert {path.name for path in folder.iterdir()} == {
        *(shards.INDEX, *(f"{part}-00000.tar" for part in SPLITS))
    }


def test_a_picture_that_changed_leaves_no_folder_of_shards(pets: Manifest, tmp_path: Path) -> None:
    pets.rows[3].path.write_bytes(b"something else")
    with pytest.raises(DataError, match="has changed since the manifest was built"):
        sharding.write(pets, tmp_path / "half")
    assert not shards.are_in(tmp_path / "half")
    assert not list((tmp_path / "half").glob(".*"))


def test_a_shard_that_changed_is_noticed(folder: Path) -> None:
    row = build(resolve(str(folder))).rows[0]
    spot = shards.spot_of(row.path)
    assert spot is not None
    content = bytearray(spot.tar.read_bytes())
    content[spot.offset + spot.size - 1] ^= 1
    spot.tar.write_bytes(content)
    with pytest.raises(DataError, match="has changed since the manifest was built"):
        read_bytes(row)


def test_a_shard_that_is_gone_is_noticed_before_training(folder: Path) -> None:
    manifest = build(resolve(str(folder)))
    (folder / "val-00000.tar").unlink()
    with pytest.raises(DataError, match=r"manifest's 60 pictures are gone, the first is .*val-0"):
        manifest.check()


@pytest.mark.parametrize(
    "path", ["../out.tar/512+9/a.png", "/etc.tar/512+9/a.png", "a.png", "x.tar/512/a.png"]
)
def test_an_index_that_leads_elsewhere_is_refused(folder: Path, path: str) -> None:
    rows, _ = manifest_csv.read(folder / shards.INDEX)
    index = folder / shards.INDEX
    index.write_text(index.read_text().replace(str(rows[0].path), path))
    with pytest.raises(DataError, match="which is no picture in a shard beside it"):
        resolve_and_build(folder)


def resolve_and_build(folder: Path) -> Manifest:
    return build(resolve(str(folder)))


def test_a_size_that_no_shard_has_reads_no_more_than_there_is(folder: Path) -> None:
    row = build(resolve(str(folder))).rows[0]
    spot = shards.spot_of(row.path)
    assert spot is not None
    beyond = shards.path_of(spot._replace(size=10**11), "a.png")
    assert len(shards.read(beyond)) <= spot.tar.stat().st_size


def test_decisions_are_for_the_pictures_not_their_shards(folder: Path) -> None:
    decisions = Decisions((Decision(Path("decided.csv"), 2, "", "cat/1.png", "exclude"),))
    with pytest.raises(DataError, match="labels and parts are settled"):
        build(resolve(str(folder)), decisions=decisions)


@pytest.mark.parametrize("out", ["shards", "link", "shards/../link", "link-to-all/shards"])
def test_shards_are_not_written_over_themselves_by_whatever_path(
    folder: Path, tmp_path: Path, out: str
) -> None:
    (tmp_path / "link").symlink_to(folder)
    (tmp_path / "link-to-all").symlink_to(tmp_path)
    before = contents(folder)
    with pytest.raises(DataError, match=r"holds the very pictures .*Name another folder"):
        sharding.write(build(resolve(str(folder))), tmp_path / out)
    assert contents(folder) == before


def test_the_shards_that_a_folder_links_to_are_not_replaced(folder: Path, tmp_path: Path) -> None:
    farm = tmp_path / "farm"
    farm.mkdir()
    for path in folder.iterdir():
        (farm / path.name).symlink_to(path)
    with pytest.raises(DataError, match="holds the very pictures"):
        sharding.write(build(resolve(str(farm))), folder)


@pytest.mark.parametrize(
    ("out", "why"), [("", "holds the very pictures"), ("cat/shards", "among the pictures")]
)
def test_a_folder_of_pictures_does_not_become_one_of_shards(
    pets: Manifest, out: str, why: str
) -> None:
    """It would be read as shards from then on, or its tars as cats."""
    pictures = pets.rows[0].path.parent.parent
    before = contents(pictures)
    with pytest.raises(DataError, match=why):
        sharding.write(pets, pictures / out)
    assert contents(pictures) == before


def test_shards_may_lie_beside_the_labels_folders(pets: Manifest) -> None:
    pictures = pets.rows[0].path.parent.parent
    assert sharding.write(pets, pictures / "shards") == len(SPLITS)
    assert build(resolve(str(pictures))).digest == pets.digest


def test_tars_that_others_wrote_are_left_alone(pets: Manifest, tmp_path: Path) -> None:
    """A WebDataset's are called so too."""
    out = tmp_path / "webdataset"
    out.mkdir()
    for name in ("train-00000.tar", "train-00007.tar"):
        (out / name).write_bytes(b"of somebody else")
    before = contents(out)
    with pytest.raises(
        DataError, match=r"holds train-00000\.tar and 1 more, which this did not write"
    ):
        sharding.write(pets, out)
    assert contents(out) == before


@pytest.mark.parametrize("name", ["train-00099.tar", shards.INDEX])
def test_what_others_put_among_shards_is_left_alone(
    pets: Manifest, folder: Path, name: str
) -> None:
    (folder / name).write_bytes(b"of somebody else")
    before = contents(folder)
    with pytest.raises(DataError, match=r"which this did not write .*Name an empty folder"):
        sharding.write(pets, folder)
    assert contents(folder) == before


def test_what_was_interrupted_is_written_again(
    pets: Manifest, folder: Path, tmp_path: Path
) -> None:
    half = tmp_path / "half"
    last = max(pets.part(SPLITS[-1]), key=lambda row: row.sha256)
    content = last.path.read_bytes()
    last.path.write_bytes(b"something else")
    with pytest.raises(DataError, match="has changed since the manifest was built"):
        sharding.write(pets, half, shard_mb=0.001)
    assert list(half.glob("*.tar"))
    assert not shards.are_in(half)
    last.path.write_bytes(content)
    sharding.write(pets, half, shard_mb=0.02)
    assert contents(half) == contents(folder)


def test_the_command_takes_a_folder_or_a_manifest(
    pets: Manifest, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pets.save(tmp_path / "pets.csv")
    for source in (tmp_path / "pets.csv", pets.rows[0].path.parent.parent):
        assert sharding.main([str(source), str(tmp_path / "out")]) == 0
        assert "60 pictures in 3 shards" in capsys.readouterr().out
    assert sharding.main([str(tmp_path / "gone"), str(tmp_path / "out")]) == 1
    assert capsys.readouterr().err.startswith("Error: ")


def test_places_in_ones_home_are_found_there(
    pets: Manifest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    pets.save(tmp_path / "pets.csv")
    assert sharding.main(["~/pets.csv", "~/out"]) == 0
    assert shards.are_in(tmp_path / "out")
    assert not Path("~").exists()


@pytest.mark.parametrize("size", ["0", "-1", "nan", "many"])
def test_a_size_that_no_shard_can_have_is_refused(
    size: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        sharding.main(["starter", str(tmp_path / "out"), "--shard-mb", size])
    said = f"argument --shard-mb: it is '{size}'; it must be a number over 0"
    assert said in capsys.readouterr().err


def test_a_name_that_is_no_text_is_said_where_only_utf_8_may_be(
    pets: Manifest, tmp_path: Path
) -> None:
    out = tmp_path / os.fsdecode(b"lat\xe9")
    done = subprocess.run(
        [sys.executable, "-m", "data.sharding", pets.rows[0].path.parent.parent, out],
        env={**os.environ, "PYTHONIOENCODING": "utf-8:strict"},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith(b"lat\\udce9\n")
