"""Nothing of ours unpickles: reasons of requirements/exceptions.toml hang on it."""

import ast
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parent.parent
PACKAGES = ("service", "data", "training", "scoring", "deploy", "lessons", "benchmarks")
PATHS = [path for package in PACKAGES for path in sorted((REPOSITORY / package).rglob("*.py"))]
UNPICKLERS = {"cloudpickle", "dill", "joblib", "marshal", "pickle", "shelve"}
# What each must be told. NumPy's default is the same; who reads it need not know.
SAFE = {"torch.load": ("weights_only", True), "np.load": ("allow_pickle", False)}


def offences(source: str) -> list[str]:
    """What could unpickle."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [a.name for a in node.names if a.name.partition(".")[0] in UNPICKLERS]
        elif isinstance(node, ast.ImportFrom):
            found += [m for m in (node.module or "",) if m.partition(".")[0] in UNPICKLERS]
        elif isinstance(node, ast.Attribute) and node.attr == "load_from_checkpoint":
            found.append(node.attr)
        elif isinstance(node, ast.Call) and (safe := SAFE.get(ast.unparse(node.func))):
            told = {k.arg: getattr(k.value, "value", None) for k in node.keywords}
            if told.get(safe[0]) is not safe[1]:
                found.append(ast.unparse(node))
    return found


@pytest.mark.parametrize("path", PATHS, ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_nothing_unpickles(path: Path) -> None:
    assert offences(path.read_text()) == []


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "from joblib.memory import Memory",
        "CatDogNet.load_from_checkpoint(path)",
        "torch.load(path)",
        "torch.load(path, weights_only=False)",
        "np.load(path)",
    ],
)
def test_what_would_is_seen(source: str) -> None:
    assert offences(source)
