"""What is in the image, what must not be, and that it is the same when built again."""

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest

from deploy.image.__main__ import REQUIREMENTS
from tests.image import contents
from tests.image.conftest import Built
from tests.image.container import Container
from tests.image.contents import Contents

MOST_BYTES = 400 * 10**6
RESNET_50_BYTES = 145 * 10**6  # compressed; the known network has next to nothing
# Packages of training, and what installs packages.
UNWANTED_PACKAGES = re.compile(
    r"opt/catdog/packages/(torch|torchvision|pytorch_lightning|albumentations|cv2|nncf|scipy"
    r"|sklearn|onnx|nvidia|pip|setuptools|cyclonedx|pytest)(/|$)"
)
# Our own that do not serve; compilers; caches; what a builder knows that others must not.
UNWANTED = re.compile(
    r"""(?x)
    ^opt/catdog/bento/src/(training|data|tests|lessons|benchmarks|deploy)(/|$)
    | (^|/)bin/(.*-)?(gcc|g\+\+|cc|clang|ld|make|pip|uv|git|curl|wget)(-?[\d.]+)?$
    | ^var/cache/apt/.+\.deb$ | ^var/lib/apt/lists/.+_.+$ | (^|/)\.cache(/|$) | \.whl$
    | (^|/)(\.git|\.aws|\.docker|\.ssh)(/|$)
    | (^|/)(\.netrc|\.pypirc|pip\.conf|\.npmrc|\.env|\.bash_history)$
    """
)
# Debian's own; stripped where the base is ours, harmless under no-new-privileges where it is not.
MAY_RAISE = {
    *("chage", "chfn", "chsh", "expiry", "gpasswd", "mount", "newgrp", "passwd", "su", "umount"),
    "unix_chkpwd",
}


@pytest.fixture(scope="session")
def inside(built: Built) -> Contents:
    return contents.of(built.engine, built.name)


@pytest.fixture(scope="session")
def description(built: Built, isolated: Container) -> dict[str, Any]:
    """How the engine describes the image."""
    (found,) = json.loads(isolated.call("image", "inspect", built.name))
    return dict(found)


def test_nothing_is_there_that_serving_does_not_need(inside: Contents) -> None:
    unwanted = [p for p in inside.entries if UNWANTED_PACKAGES.match(p) or UNWANTED.search(p)]
    assert unwanted == []
    assert "opt/catdog/packages/openvino/__init__.py" in inside.entries, "it does look inside"


def test_compressed_with_a_resnet_50_it_is_under_400_mb(built: Built, inside: Contents) -> None:
    folder = built.home / "models" / built.tag.replace(":", "/")
    has_one = (folder / "model.bin").stat().st_size > 2**20
    assert inside.compressed_bytes + (0 if has_one else RESNET_50_BYTES) < MOST_BYTES


def test_no_file_of_ours_lends_its_owners_rights(inside: Contents) -> None:
    lending = [p for p, e in inside.entries.items() if e.kind == "file" and e.mode & 0o6000]
    assert {Path(path).name for path in lending} <= MAY_RAISE
    assert [p for p in lending if p.startswith(contents.OURS)] == []


def test_all_that_is_ours_belongs_to_root_and_only_root_may_write_it(inside: Contents) -> None:
    ours = {p: e for p, e in inside.entries.items() if p.startswith(contents.OURS)}
    assert ours
    assert [p for p, e in ours.items() if e.owner != 0 or e.mode & 0o022] == []


def test_a_second_build_has_the_same_contents(
    built: Built, inside: Contents, tmp_path: Path
) -> None:
    """Laid out anew, later and elsewhere, every file is what the image has."""
    folder = tmp_path / "context"
    made = built.python("deploy.image", "context", "--model", built.tag, "--folder", folder)
    assert made.returncode == 0, made.stderr
    again = {
        f"{contents.OURS}{path.relative_to(folder)}": (
            path.stat().st_mode & 0o777,
            hashlib.sha256(path.read_bytes()).hexdigest(),
        )
        for path in folder.rglob("*")
        if path.is_file()
    }
    first = {
        path: (e.mode, e.digest)
        for path, e in inside.entries.items()
        if path.startswith(contents.OURS) and e.kind == "file"
    }
    assert {p for p in first.keys() | again.keys() if first.get(p) != again.get(p)} == set()


def test_the_bill_lists_what_is_installed_and_the_models_files(
    built: Built, isolated: Container
) -> None:
    code = "print(open('/opt/catdog/sbom.cdx.json').read())"
    bill = json.loads(isolated.python(code).stdout)
    assert (bill["bomFormat"], bill["metadata"]["component"]["name"]) == ("CycloneDX", "catdog")
    libraries = {
        re.sub(r"[-_.]+", "-", c["name"]).lower() + "==" + c["version"]
        for c in bill["components"]
        if c["type"] == "library"
    }
    locked = re.findall(r"(?m)^([a-z0-9-]+==\S+)", REQUIREMENTS["cpu"].read_text())
    assert libraries
    assert libraries <= set(locked)
    assert {"bentoml==1.4.39", "numpy==2.4.6"} <= libraries
    (model,) = (c for c in bill["components"] if c["type"] == "machine-learning-model")
    card = json.loads(
        (built.home / "models" / built.tag.replace(":", "/") / "card.json").read_text()
    )
    digests = {file["name"]: file["hashes"][0]["content"] for file in model["components"]}
    assert digests == card["files"]


def test_no_secret_is_handed_to_the_build(description: dict[str, Any]) -> None:
    """Its layers come from files alone; of variables, it has those of base and Dockerfile."""
    ours = {"BENTOML_DO_NOT_TRACK", "BENTOML_HOME", "HOME"}
    ours |= {"PYTHONDONTWRITEBYTECODE", "PYTHONPATH", "PYTHONSAFEPATH", "PYTHONUNBUFFERED"}
    official = {"PATH", "LANG", "GPG_KEY", "PYTHON_VERSION", "PYTHON_SHA256"}
    names = {entry.partition("=")[0] for entry in description["Config"]["Env"]}
    assert ours <= names <= ours | official
