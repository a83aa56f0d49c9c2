"""Small pictures made from seeds, and a cache of each test's own."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

MakePicture = Callable[..., Image.Image]
MakeFolder = Callable[..., Path]


@pytest.fixture(autouse=True)
def private_cache(request, tmp_path, monkeypatch):
    """Only tests marked `registry` may use the shared cache, to fetch once for all runs."""
    if request.node.get_closest_marker("registry") is None:
        monkeypatch.setenv("CATDOG_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def make_picture() -> MakePicture:
    """A smooth random picture, as different from another seed's as photographs are."""

    def make(seed: int, size: tuple[int, int] = (64, 48)) -> Image.Image:
        coarse = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), dtype=np.uint8)
        return Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC)

    return make


@pytest.fixture
def make_folder(tmp_path, make_picture) -> MakeFolder:
    """A folder of PNGs, cat/ and dog/; picture i of a label is always the same."""

    def make(name: str = "pets", cats: int = 30, dogs: int = 30) -> Path:
        for label, count, seed in (("cat", cats, 0), ("dog", dogs, 10_000)):
            (tmp_path / name / label).mkdir(parents=True, exist_ok=True)
            for i in range(count):
                make_picture(seed + i).save(tmp_path / name / label / f"{i}.png")
        return tmp_path / name

    return make
