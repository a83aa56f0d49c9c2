"""A model store of a test's own, in this process."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from bentoml._internal.configuration.containers import BentoMLContainer
from bentoml._internal.models import ModelStore


@pytest.fixture
def model_store(tmp_path: Path) -> Iterator[Path]:
    """An empty one, though BentoML reads BENTOML_HOME but once."""
    path = tmp_path / "models"
    path.mkdir()
    BentoMLContainer.model_store.set(ModelStore(path))
    yield path
    BentoMLContainer.model_store.reset()


@pytest.fixture
def exported(artifact_folder: Path, tmp_path: Path) -> Path:
    """A copy of the known artifact that a test may change."""
    return Path(shutil.copytree(artifact_folder, tmp_path / "artifact"))
