"""An artifact of a test's own."""

import shutil
from pathlib import Path

import pytest


@pytest.fixture
def exported(artifact_folder: Path, tmp_path: Path) -> Path:
    """A copy of the known artifact that a test may change."""
    return Path(shutil.copytree(artifact_folder, tmp_path / "artifact"))
