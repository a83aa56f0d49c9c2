"""The exported graphs against the torch network that they were made from."""

import io
import socket
from pathlib import Path

import numpy as np
import openvino as ov
import pytest
import torch
from PIL import Image

from data.manifest import Manifest
from data.picture import TRAIN
from service import artifact, filters
from service.openvino_engine import OpenVinoEngine, core
from service.sight import STRONGEST
from tests.training.conftest import Finished
from training import graphs
from training.network import CAT_CLASSES, DOG_CLASSES, STAGES, CatDogNet, Outputs


@pytest.fixture(scope="module")
def written(network: CatDogNet, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its graphs as written, before any of them is quantized."""
    folder = tmp_path_factory.mktemp("graphs")
    graphs.write_graphs(network, folder)
    return folder


@pytest.fixture(scope="module")
def pixels() -> np.ndarray:
    """Noise, two of them blown up: what a graph says of novelty depends on how blurred it is."""
    generator = np.random.default_rng(1)
    found = generator.integers(0, 256, (5, 224, 224, 3), dtype=np.uint8)
    for i, side in ((1, 32), (3, 90)):
        small = Image.fromarray(found[i, :side, :side])
        found[i] = np.asarray(small.resize((224, 224), Image.Resampling.BILINEAR))
    return found


@pytest.mark.parametrize("graph", [artifact.ONNX, artifact.OPENVINO])
@pytest.mark.parametrize("batch", [1, 2, 5])
def test_graphs_compute_what_torch_computes_for_any_batch(
    written: Path, network: CatDogNet, pixels: np.ndarray, graph: str, batch: int
) -> None:
    with torch.inference_mode():
        expected = network(torch.from_numpy(pixels[:batch]))
    found = OpenVinoEngine(written, "f32", graph=graph)(pixels[:batch])
    # the OpenVINO file keeps weights in half precision, three decimal digits
    tolerance = 1e-3 if graph == artifact.ONNX else 1e-2 * float(expected.logits.abs().max())
    np.testing.assert_allclose(found.logits, expected.logits.numpy(), atol=tolerance, rtol=0)
    np.testing.assert_allclose(found.novelty, expected.novelty.numpy(), atol=1e-3, rtol=0)


def test_a_picture_gets_the_same_scores_whatever_is_beside_it(
    released: Finished, pixels: np.ndarray
) -> None:
    engine = OpenVinoEngine(released.run.artifact, "f32")
    alone = np.concatenate([engine(pixels[i : i + 1]).logits for i in range(len(pixels))])
    np.testing.assert_allclose(engine(pixels).logits, alone, atol=1e-4, rtol=0)


def test_graphs_give_the_activation_map_and_the_features_too(
    released: Finished, network: CatDogNet, pixels: np.ndarray
) -> None:
    graph = ov.Core().read_model(released.run.artifact / artifact.ONNX)
    assert [output.any_name for output in graph.outputs] == list(Outputs._fields)
    hint = {"INFERENCE_PRECISION_HINT": "f32"}
    found = ov.Core().compile_model(graph, "CPU", hint)(pixels[:2])
    with torch.inference_mode():
        expected = network(torch.from_numpy(pixels[:2]))
    for name in Outputs._fields[2:]:
        ours = getattr(expected, name).numpy()
        np.testing.assert_allclose(found[name], ours, atol=1e-3 * np.abs(ours).max(), rtol=0)


def test_what_is_seen_is_what_torch_computes(
    written: Path, network: CatDogNet, pixels: np.ndarray
) -> None:
    """Torch's own maps, by hooks; the class activation map from its definition, in numpy."""
    trunk = network.trunk
    places = {"stem": trunk.relu, **{name: getattr(trunk, name) for name in STAGES[1:]}}
    maps: dict[str, np.ndarray] = {}
    hooks = [
        module.register_forward_hook(
            lambda _, __, output, name=name: maps.update({name: output[0].numpy().copy()})
        )
        for name, module in places.items()
    ]
    with torch.inference_mode():
        features = network(torch.from_numpy(pixels[:1])).features
        imagenet = network.imagenet_head(features).numpy()[0]
    for hook in hooks:
        hook.remove()
    engine = OpenVinoEngine(written, "f32", graph=artifact.ONNX)
    sight = engine.see(pixels[:1])
    for stage in sight.stages:
        ours = maps[stage.name]
        means = ours.mean((1, 2))
        assert stage.of == len(ours)
        shown = means[stage.channels]
        np.testing.assert_allclose(shown, np.sort(means)[::-1][:STRONGEST], rtol=1e-3)
        np.testing.assert_allclose(stage.maps, ours[stage.channels], atol=1e-3 * ours.max(), rtol=0)
    weight = network.head.weight.detach().numpy()[0]
    by_hand = np.einsum("c,chw->hw", weight, maps["layer4"])
    np.testing.assert_allclose(
        sight.activation_map, by_hand, atol=1e-3 * np.abs(by_hand).max(), rtol=0
    )
    cat, dog = engine(pixels[:1]).logits[0]
    assert sight.activation_map.mean() == pytest.approx(dog - cat, rel=1e-3, abs=1e-4)
    np.testing.assert_allclose(sight.imagenet, imagenet, rtol=1e-3, atol=1e-3)


def test_scores_are_the_same_to_the_bit_beside_all_other_outputs(
    released: Finished, pixels: np.ndarray
) -> None:
    precision = artifact.read_card(released.run.artifact).precision
    engine = OpenVinoEngine(released.run.artifact, precision)
    scores, explained = engine(pixels), engine.explain(pixels).scores
    assert (scores.logits == explained.logits).all()
    assert (scores.novelty == explained.novelty).all()


def test_names_of_imagenets_classes_travel_along(written: Path) -> None:
    classes = artifact.read_classes(written)
    assert len(classes) == 1000
    assert {"tabby", "Siamese cat"} <= set(classes[CAT_CLASSES])
    assert {"beagle", "Chihuahua"} <= set(classes[DOG_CLASSES])


def test_the_filters_that_are_shown_are_the_networks(written: Path, network: CatDogNet) -> None:
    """But for the batch norm's factor, of which a filter keeps the sign."""
    sheet = np.asarray(Image.open(io.BytesIO(filters.sheet(written)))).astype(float) / 255
    shown = sheet[:: filters.SCALE, :: filters.SCALE]
    sign = np.sign(network.trunk.bn1.weight.detach().numpy())
    kernels = network.trunk.conv1.weight.detach().numpy() * sign[:, None, None, None]
    for k, kernel in enumerate(kernels):
        top, left = k // 8 * 8, k % 8 * 8
        tile = shown[top : top + 7, left : left + 7]
        expected = 0.5 + 0.5 * kernel.transpose(1, 2, 0) / np.abs(kernel).max()
        np.testing.assert_allclose(tile, expected, atol=0.005)


def test_int8_leaves_novelty_as_it_is(
    network: CatDogNet, written: Path, released: Finished, tmp_path: Path, pixels: np.ndarray
) -> None:
    rows = Manifest.load(released.run.manifest).part(TRAIN)
    graphs.write_int8(written, tmp_path / "int8", rows)
    graph = core().read_model(tmp_path / "int8" / artifact.OPENVINO)
    quantized = {op.get_type_name() for op in graph.get_ops()}
    assert "FakeQuantize" in quantized
    novelty = next(op for op in graph.get_ops() if op.get_type_name() == "Sigmoid")
    sources = [value.get_node().get_type_name() for value in novelty.input_values()]
    assert "FakeQuantize" not in sources
    for op in graph.get_ops():
        if op.get_type_name() == "MatMul":
            inputs = {value.get_node().get_type_name() for value in op.input_values()}
            assert "FakeQuantize" not in inputs, "a head is quantized"
    with torch.inference_mode():
        expected = network(torch.from_numpy(pixels)).novelty.numpy()
    found = OpenVinoEngine(tmp_path / "int8", "int8")(pixels).novelty
    np.testing.assert_allclose(found, expected, atol=0.1)


def test_writing_the_graphs_asks_nobody_and_tells_nobody(
    network: CatDogNet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """OpenVINO's converter has child processes report to its maker what the network is like."""
    asked = tmp_path / "asked"
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: asked.touch())
    graphs.write_graphs(network, tmp_path)
    assert not asked.exists()
