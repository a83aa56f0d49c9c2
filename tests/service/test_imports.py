"""`service` ships alone: without torch, and without the rest of this repository."""

import subprocess
import sys
from pathlib import Path

import pytest

import service

MODULES = sorted(
    ".".join(("service", *path.relative_to(Path(service.__file__).parent).with_suffix("").parts))
    for path in Path(service.__file__).parent.rglob("*.py")
    if path.stem not in ("__init__", "onnx_engine")  # the latter is an extra
)
BLOCKED = (
    "albumentations",
    "cv2",
    "data",
    "lightning",
    "nncf",
    "onnx",
    "pandas",
    "pytorch_lightning",
    "scipy",
    "sklearn",
    "torch",
    "torchvision",
    "training",
)

_IMPORT_WITHOUT = """
import importlib, sys

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in sys.argv[2].split(","):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Blocker())
importlib.import_module(sys.argv[1])
"""


def import_without(module: str, blocked: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", _IMPORT_WITHOUT, module, blocked],
        cwd=Path(service.__file__).parent.parent,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("module", ["service.service", "service.__main__"])
def test_entry_points_import_without_what_only_training_needs(module: str) -> None:
    done = import_without(module, ",".join(BLOCKED))
    assert done.returncode == 0, done.stderr


def test_every_module_imports_without_what_only_training_needs() -> None:
    code = _IMPORT_WITHOUT + "\nfor name in sys.argv[3:]: importlib.import_module(name)"
    done = subprocess.run(
        [sys.executable, "-c", code, "service", ",".join(BLOCKED), *MODULES],
        cwd=Path(service.__file__).parent.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "service.images" in MODULES


def test_the_block_of_this_test_works() -> None:
    done = import_without("service.images", "PIL")
    assert "No module named 'PIL'" in done.stderr


def test_importing_prints_nothing_and_needs_no_model(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import service.service"],
        cwd=Path(service.__file__).parent.parent,
        env={"BENTOML_HOME": str(tmp_path), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
