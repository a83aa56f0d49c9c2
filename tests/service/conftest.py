"""A model store of a test's own, in this process."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.model_store import using


@pytest.fixture
def model_store(tmp_path: Path) -> Iterator[Path]:
    """An empty one."""
    with using(tmp_path / "models") as folder:
        yield folder


@pytest.fixture
def exported(artifact_folder: Path, tmp_path: Path) -> Path:
    """A copy of the known artifact that a test may change."""
    return Path(shutil.copytree(artifact_folder, tmp_path / "artifact"))
