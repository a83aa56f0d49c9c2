"""The artifact against the torch network that it was made from."""

import io
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import openvino as ov
import pytest
import torch
from PIL import Image

from data.manifest import Manifest
from data.picture import TEST, TRAIN, VAL, Row
from service import artifact, filters
from service.engine import Scores
from service.openvino_engine import OpenVinoEngine, core
from service.sight import STRONGEST
from tests.training.conftest import REPOSITORY, Finished
from training import export, graphs, proof, seen
from training.datamodule import PictureData
from training.errors import TrainingError
from training.judging import Judged
from training.network import (
    CAT_CLASSES,
    DOG_CLASSES,
    STAGES,
    CatDogNet,
    Exported,
    Pixels,
    standardize,
)
from training.selection import choose

Clone = Callable[[Finished], Finished]


@pytest.fixture(scope="module")
def network(released: Finished) -> CatDogNet:
    """What was exported, chosen again."""
    data = PictureData(manifest=released.run.manifest, workers=0)
    return choose(released.run, data).network


@pytest.fixture(scope="module")
def written(network: CatDogNet, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its graphs as written, before any of them is quantized."""
    folder = tmp_path_factory.mktemp("graphs")
    graphs.write_graphs(network, folder)
    return folder


@pytest.fixture(scope="module")
def pixels() -> np.ndarray:
    generator = np.random.default_rng(1)
    return generator.integers(0, 256, (5, 224, 224, 3), dtype=np.uint8)


@pytest.mark.parametrize("graph", [artifact.ONNX, artifact.OPENVINO])
@pytest.mark.parametrize("batch", [1, 2, 5])
def test_graphs_compute_what_torch_computes_for_any_batch(
    written: Path, network: CatDogNet, pixels: np.ndarray, graph: str, batch: int
) -> None:
    with torch.inference_mode():
        expected = Pixels(network)(torch.from_numpy(pixels[:batch]))
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
    assert [output.any_name for output in graph.outputs] == list(Exported._fields)
    hint = {"INFERENCE_PRECISION_HINT": "f32"}
    found = ov.Core().compile_model(graph, "CPU", hint)(pixels[:2])
    with torch.inference_mode():
        expected = Pixels(network)(torch.from_numpy(pixels[:2]))
    for name in Exported._fields[2:]:
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
        features = network(standardize(torch.from_numpy(pixels[:1]))).features
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


def test_the_artifact_is_whole_and_holds_no_pickle(released: Finished) -> None:
    card = artifact.verify(released.run.artifact)
    assert card.proof is not None
    assert card.proof.labels_equal
    assert card.proof.max_logit_difference <= 1e-3
    names = {path.name for path in released.run.artifact.iterdir()}
    assert names == set(card.files) | {artifact.CARD}
    graphs_of_it = {"model.onnx", "model.xml", "model.bin"}
    assert names == {"card.json", "trained-on.txt", "imagenet-classes.txt"} | graphs_of_it
    onnx.checker.check_model(str(released.run.artifact / artifact.ONNX))


def test_the_artifact_lists_exactly_what_it_has_seen(released: Finished) -> None:
    lines = (released.run.artifact / seen.TRAINED_ON).read_text().splitlines()
    rows = Manifest.load(released.run.manifest).rows
    assert set(lines) == {f"{row.sha256} {row.phash}" for row in rows if row.split != TEST}


def test_a_graph_that_is_not_the_network_is_refused(released: Finished, network: CatDogNet) -> None:
    """The head of one is a tenth larger: every label is the same, the logits are not."""
    manifest = Manifest.load(released.run.manifest)
    rows = manifest.part(TEST) + manifest.part(VAL)
    proved = proof.prove(network, released.run.artifact, rows)
    assert proved.pictures == len(rows) > 8
    weight = network.head.weight
    original = weight.detach().clone()
    try:
        with torch.no_grad():
            weight.mul_(1.1)
        with pytest.raises(TrainingError, match="is not the trained network: logits differ by"):
            proof.prove(network, released.run.artifact, rows)
    finally:
        with torch.no_grad():
            weight.copy_(original)


def judged(right: np.ndarray, novelty: float = 0.1) -> Judged:
    """Cats, of which those that are not right have the logits of a dog."""
    z = np.where(right, 1.0, -1.0).astype(np.float32)
    row = Row(Path("a"), "cat", TEST, "", "", 1, 1)
    scores = Scores(np.stack([z, -z], 1), np.full(len(right), novelty, np.float32))
    return Judged((row,) * len(right), scores)


def test_a_precision_that_flips_labels_is_not_faithful() -> None:
    reference = np.ones(1000, dtype=bool)
    reference[:10] = False
    flipped = reference.copy()
    flipped[10:12] = False
    assert proof.agreement(judged(reference), judged(reference)).is_faithful
    assert proof.agreement(judged(flipped), judged(reference)).is_faithful  # two: 99.8 %
    flipped[12] = False
    assert not proof.agreement(judged(flipped), judged(reference)).is_faithful


def test_a_loss_beyond_noise_is_not_faithful_however_small() -> None:
    reference = np.ones(10_000, dtype=bool)
    worse = reference.copy()
    worse[:6] = False
    compared = proof.agreement(judged(worse), judged(reference))
    assert compared.labels_equal > 0.998
    assert not compared.is_faithful  # six lost, none won: p = 0.016


def test_a_precision_that_loses_novelty_is_not_faithful() -> None:
    right = np.ones(100, dtype=bool)
    assert not proof.agreement(judged(right, novelty=0.2), judged(right, novelty=0.1)).is_faithful


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
        expected = Pixels(network)(torch.from_numpy(pixels)).novelty.numpy()
    found = OpenVinoEngine(tmp_path / "int8", "int8")(pixels).novelty
    np.testing.assert_allclose(found, expected, atol=0.1)


def test_int8_on_training_pictures_serves_where_it_is_faithful(released: Finished) -> None:
    card = artifact.read_card(released.run.artifact)
    assert set(card.agreements) == {"int8", "bf16"}
    faithful = [name for name, a in card.agreements.items() if a.is_faithful]
    assert card.precision == next(iter([*faithful, "f32"]))
    graph = (released.run.artifact / artifact.OPENVINO).read_text()
    assert ("FakeQuantize" in graph) == (card.precision == "int8")


def test_writing_the_graphs_asks_nobody_and_tells_nobody(
    network: CatDogNet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """OpenVINO's converter has child processes report to its maker what the network is like."""
    asked = tmp_path / "asked"
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: asked.touch())
    graphs.write_graphs(network, tmp_path)
    assert not asked.exists()


def test_an_export_that_dies_leaves_nothing_and_the_next_one_succeeds(
    fitted: Finished, clone_of: Clone, monkeypatch: pytest.MonkeyPatch
) -> None:
    (run,) = clone_of(fitted).home.runs

    def die(*_: object) -> None:
        raise OSError("disk full")

    with monkeypatch.context() as patched:
        patched.setattr(artifact, "write_card", die)
        with pytest.raises(OSError, match="disk full"):
            export.export(run)
    assert not run.artifact.exists()
    assert run.state["state"] == "trained"
    card = export.export(run)
    assert artifact.verify(run.artifact) == card


def test_a_run_without_checkpoints_is_refused(fitted: Finished, clone_of: Clone) -> None:
    (run,) = clone_of(fitted).home.runs
    (run.checkpoints / "stage-one.ckpt").unlink()
    with pytest.raises(TrainingError, match="run `make train` again"):
        export.export(run)
    assert not run.artifact.exists()


def test_engines_come_and_go_without_taking_the_process_with_them(artifact_folder: Path) -> None:
    """Two that are gone, and a child's end that somebody waits for with a signal handler."""
    code = (
        "import gc, pathlib, signal, subprocess, sys\n"
        "from service.openvino_engine import OpenVinoEngine\n"
        "signal.signal(signal.SIGCHLD, lambda *_: None)\n"
        "first, second = (OpenVinoEngine(pathlib.Path(sys.argv[1])) for _ in range(2))\n"
        "del first, second\n"
        "gc.collect()\n"
        "subprocess.run(['true'])\n"
        "print('alive')\n"
    )
    command = [sys.executable, "-c", code, str(artifact_folder)]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "alive\n"), done.stderr
