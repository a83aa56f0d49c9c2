"""Pictures kept decoded are those that decoding gives."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from data.errors import DataError
from data.manifest import build
from data.picture import Row
from data.source import resolve
from tests.small_disk import small_disk
from training import decoded
from training.checkpoints import WholeCheckpoints
from training.decoded import Decoder


@pytest.fixture(scope="module")
def row(pets: Path) -> Row:
    return build(resolve(str(pets))).rows[0]


def test_a_kept_picture_is_the_decoded_one_and_its_file_is_not_needed(row: Row) -> None:
    expected = Decoder(keeps=False)(row)
    assert np.array_equal(Decoder(keeps=True)(row), expected)
    moved = replace(row, path=Path("/nowhere/cat.png"))
    assert np.array_equal(Decoder(keeps=True)(moved), expected)
    with pytest.raises(DataError, match="cannot be read"):
        Decoder(keeps=False)(moved)


def test_a_file_cut_short_is_written_anew(row: Row) -> None:
    decoder = Decoder(keeps=True)
    expected = decoder(row)
    assert decoder.folder is not None
    (kept,) = decoder.folder.rglob("*.npy")
    whole = kept.read_bytes()
    kept.write_bytes(whole[:-10])
    assert np.array_equal(decoder(row), expected)
    assert kept.read_bytes() == whole
    assert [path.name for path in kept.parent.iterdir()] == [kept.name]


def test_where_nothing_can_be_written_it_decodes_all_the_same(row: Row) -> None:
    decoder = Decoder(keeps=True)
    assert decoder.folder is not None
    decoder.folder.parent.mkdir(parents=True, exist_ok=True)
    decoder.folder.write_text("a file where the folder should be")
    assert np.array_equal(decoder(row), Decoder(keeps=False)(row))


def test_what_a_checkpoint_needs_is_left_free(
    pets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """52 pictures take 14 MB of a disk of 20, and a checkpoint 8."""
    disk = tmp_path / "disk"
    disk.mkdir()
    monkeypatch.setenv("CATDOG_CACHE", str(disk / "cache"))
    monkeypatch.setattr(decoded, "RESERVE_BYTES", 10_000_000)
    with small_disk(disk, size_mb=20, largest_file_mb=20):
        if not disk.is_mount():
            pytest.skip("nobody lets us mount a small disk here")
        decoder, plain = Decoder(keeps=True), Decoder(keeps=False)
        rows = build(resolve(str(pets))).rows
        for row in rows:
            assert np.array_equal(decoder(row), plain(row))
        assert 10 < len(list(disk.rglob("*.npy"))) < len(rows)
        weights = {"weights": torch.zeros(8_000_000, dtype=torch.uint8)}
        WholeCheckpoints().save_checkpoint(weights, disk / "last.ckpt")
