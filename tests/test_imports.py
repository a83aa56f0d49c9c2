"""Imports are the architecture: one arrow each way, and importing does nothing."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parent.parent
OURS = ("service", "data", "training", "tests", "scoring", "lessons", "benchmarks", "deploy")
# What a package imports of ours, and no more; a name ends where its module does.
ALLOWED = {
    "service": ("service",),
    "data": (
        "data",
        *(f"service.{name}" for name in ("artifact", "cores", "images", "names", "whole")),
    ),
    "training": ("training", "data", "service"),
    "scoring": ("scoring", "service"),
    "deploy": ("deploy", "service"),
    "lessons": (
        *("lessons", "data.cache", "data.connections", "data.errors", "data.npm", "data.picture"),
        "data.starter",
        *("service.cores", "service.drawing", "service.whole"),
        *("training.advice", "training.canvas", "training.errors", "training.network"),
        *("training.pages", "training.processor", "training.weights"),
    ),
    "benchmarks": (
        *("benchmarks", "data", "deploy.image", "scoring", "service", "training"),
        *("tests.known_network", "tests.live_server"),  # for figures that no network may blur
    ),
}
# Need an extra (requirements/gpu.txt), or whom we are compared with.
ELSEWHERE = {
    "service.onnx_engine",
    *("benchmarks.serving.fastapi_torch", "benchmarks.serving.litserve_openvino"),
    *("benchmarks.serving.litserve_settings", "benchmarks.serving.litserve_torch"),
    "benchmarks.time_to_99.fastai_contestant",
}
# What `service` must do without wherever it runs.
TRAINING_ONLY = {
    *("albumentations", "cv2", "lightning", "nncf", "onnx", "pandas", "pytorch_lightning"),
    *("scipy", "sklearn", "torch", "torchmetrics", "torchvision"),
}


def modules(package: str) -> list[str]:
    paths = sorted((REPOSITORY / package).rglob("*.py"))
    return [".".join(p.relative_to(REPOSITORY).with_suffix("").parts) for p in paths]


def importable(package: str) -> list[str]:
    return [name for name in modules(package) if name not in ELSEWHERE]


def imports(package: str) -> list[tuple[str, str]]:
    """Every (importing module, imported name), imports inside functions included."""
    found = []
    for module in modules(package):
        tree = ast.parse((REPOSITORY / (module.replace(".", "/") + ".py")).read_text())
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                found += [(module, alias.name) for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{module} imports relatively"
                found += [(module, f"{node.module}.{alias.name}") for alias in node.names]
    return found


def is_within(name: str, packages: tuple[str, ...]) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


@pytest.mark.parametrize("package", ALLOWED)
def test_arrows_point_one_way(package: str) -> None:
    ours = [(module, name) for module, name in imports(package) if is_within(name, OURS)]
    wrong = [(module, name) for module, name in ours if not is_within(name, ALLOWED[package])]
    names = [name for _, name in ours]
    unused = [end for end in ALLOWED[package] if not any(is_within(n, (end,)) for n in names)]
    assert wrong == []
    assert unused == []


def test_service_names_nothing_that_only_training_installs() -> None:
    everywhere = [i for i in imports("service") if i[0] not in ELSEWHERE]
    assert [i for i in everywhere if i[1].partition(".")[0] in TRAINING_ONLY] == []


def fresh(code: str, cwd: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run code in an interpreter that has imported nothing, with warnings shown once each."""
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=cwd,
        env={"PYTHONPATH": str(REPOSITORY), "PATH": "", "HOME": str(cwd)},
        capture_output=True,
        text=True,
        check=False,
    )


_IMPORT = "import importlib, sys\nfor name in sys.argv[1:]: importlib.import_module(name)\n"


@pytest.mark.parametrize(
    ("package", "never"),
    [
        ("service", ("data", "training", *sorted(TRAINING_ONLY))),
        ("data", ("training", "torch", "pytorch_lightning")),
        ("scoring", ("data", "training", "ray", *sorted(TRAINING_ONLY))),
    ],
)
def test_importing_all_of_a_package_loads_nothing_beyond_it(
    tmp_path: Path, package: str, never: tuple[str, ...]
) -> None:
    """`data` may use torchvision for a data set, where it is asked for that."""
    code = _IMPORT + "print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    done = fresh(code, tmp_path, *importable(package))
    assert done.returncode == 0, done.stderr
    loaded = set(done.stdout.split())
    assert package in loaded
    assert loaded & set(never) == set()


# Whatever a library opens to find its way around, nothing of this is needed to be imported.
_WATCH = """
import sys
def watch(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "urllib.Request"):
        print("network:", event, arguments)
sys.addaudithook(watch)
"""


@pytest.mark.parametrize("package", ALLOWED)
def test_importing_downloads_nothing_prints_nothing_and_leaves_nothing(
    tmp_path: Path, package: str
) -> None:
    done = fresh(_WATCH + _IMPORT, tmp_path, *importable(package))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    libraries = {".cache", ".config", "intel"}  # settings and fonts, made where they miss them
    here = {path.name for path in tmp_path.iterdir()} - libraries
    assert here == set()
    ours = [path for path in (tmp_path / ".cache").rglob("*") if path.suffix in (".tgz", ".lock")]
    assert ours == []


def test_the_watch_of_this_test_works(tmp_path: Path) -> None:
    code = _WATCH + "import socket\ntry: socket.create_connection(('127.0.0.1', 9), 1)\n"
    done = fresh(code + "except OSError: pass", tmp_path)
    assert done.stdout.startswith("network: socket.getaddrinfo")
