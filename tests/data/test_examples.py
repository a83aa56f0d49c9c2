"""The pictures that the page offers."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from data import examples, starter
from data.picture import TEST


@pytest.mark.registry
def test_kept_examples_are_those_that_the_script_writes(tmp_path: Path) -> None:
    examples.write(tmp_path)
    written = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    kept = {path.name: path.read_bytes() for path in examples.FOLDER.glob("*.png")}
    assert written.keys() == kept.keys()
    for name in kept:
        a, b = (
            np.asarray(Image.open(io.BytesIO(data)).convert("RGB")).astype(int)
            for data in (written[name], kept[name])
        )
        assert np.abs(a - b).max() <= 8, f"{name}: versions of Pillow choose other palettes"


@pytest.mark.registry
def test_animals_are_of_the_part_that_no_model_is_trained_on() -> None:
    parts = {(c.label, int(c.path.stem)): c.split for c in starter.candidates()}
    assert {parts[which] for which in examples.STARTER.values()} == {TEST}


def test_source_and_licence_lie_beside_them() -> None:
    said = (examples.FOLDER / "SOURCES.txt").read_text()
    assert [path.name for path in examples.FOLDER.glob("*.png") if path.name not in said] == []
    assert "MIT" in said
