"""The manifests as `kubectl apply -k` would send them."""

import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.live_server import REPOSITORY

FOLDER = REPOSITORY / "deploy" / "kubernetes"
OVERLAYS = sorted(path.name for path in (FOLDER / "overlays").iterdir())

Manifest = dict[str, Any]

needs_kubectl = pytest.mark.skipif(
    shutil.which("kubectl") is None,
    reason="kubectl is missing: kubernetes.io/docs/tasks/tools says how to get it",
)


@cache
def rendered(folder: Path) -> dict[str, Manifest]:
    """What `kubectl apply -k` would send, by kind; there is one of each."""
    done = subprocess.run(["kubectl", "kustomize", folder], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    manifests = list(yaml.safe_load_all(done.stdout))
    by_kind = {manifest["kind"]: manifest for manifest in manifests}
    assert len(by_kind) == len(manifests)
    return by_kind


def pod_of(manifests: dict[str, Manifest]) -> Manifest:
    pod: Manifest = manifests["Deployment"]["spec"]["template"]["spec"]
    return pod
