"""service.engines and service.onnx_engine: what serves, and that it answers the same."""

import importlib.util
import subprocess
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper, numpy_helper

from service import artifact, engines, onnx_engine
from service.artifact import ArtifactError
from service.engine import Run
from service.engines import EngineError
from service.onnx_engine import CPU, CUDA, OnnxEngine
from service.openvino_engine import OpenVinoEngine
from service.settings import Settings
from tests import known_network
from tests.known_network import SHARPNESS
from tests.live_server import REPOSITORY


@pytest.fixture
def pixels() -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (5, 224, 224, 3), np.uint8)


@pytest.mark.parametrize("precision", ["f16", "f32"])
def test_onnx_runtime_answers_as_openvino_does(
    artifact_folder: Path, pixels: np.ndarray, precision: str
) -> None:
    ours = OpenVinoEngine(artifact_folder)(pixels)
    engine = OnnxEngine(artifact_folder, precision, providers=[CPU])
    assert engine.provider == CPU
    assert precision in engine.name
    theirs = engine(pixels)
    for a, b in zip(ours, theirs, strict=True):
        assert b.dtype == np.float32
        np.testing.assert_allclose(a, b, atol=1e-3)


def test_results_outlive_the_next_call(artifact_folder: Path, pixels: np.ndarray) -> None:
    engine = OnnxEngine(artifact_folder, providers=[CPU])
    first = engine(pixels).logits
    kept = first.copy()
    engine(255 - pixels)
    assert (first == kept).all()


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_pictures_that_are_dealt_out_to_the_cores_come_back_in_their_order(
    artifact_folder: Path, threads: int
) -> None:
    pixels = np.zeros((17, 224, 224, 3), np.uint8)
    pixels[..., 0] = np.arange(17, dtype=np.uint8)[:, np.newaxis, np.newaxis] * 10  # red: a cat
    engine = OpenVinoEngine(artifact_folder, threads=threads)
    for n in range(1, 18):
        logits = engine(pixels[:n]).logits
        assert logits.shape == (n, 2)
        np.testing.assert_allclose(logits[:, 0], np.arange(n) * 10 * SHARPNESS / 255, atol=1e-3)


def test_callers_at_the_same_time_get_what_each_asked_for(artifact_folder: Path) -> None:
    def ask(number: int) -> bool:
        n, red = 1 + number % 16, number % 256
        pixels = np.zeros((n, 224, 224, 3), np.uint8)
        pixels[..., 0] = red
        return bool(np.allclose(engine(pixels).logits[:, 0], red * SHARPNESS / 255, atol=1e-3))

    engine = OpenVinoEngine(artifact_folder, threads=2)
    with ThreadPoolExecutor(6) as callers:
        assert all(callers.map(ask, range(300)))


def test_scores_are_given_while_another_part_of_the_graph_is_made_ready(
    artifact_folder: Path, monkeypatch: pytest.MonkeyPatch, pixels: np.ndarray
) -> None:
    engine = OpenVinoEngine(artifact_folder)
    is_compiling, may_end = threading.Event(), threading.Event()
    compile_ = engine._compile

    def slowly(outputs: Sequence[str]) -> Run:
        is_compiling.set()
        assert may_end.wait(20)
        return compile_(outputs)

    monkeypatch.setattr(engine, "_compile", slowly)
    with ThreadPoolExecutor(2) as callers:
        preparing = callers.submit(engine.prepare_to_see)
        assert is_compiling.wait(20)
        try:
            assert callers.submit(engine, pixels).result(timeout=20).logits.shape == (5, 2)
            assert not preparing.done()
        finally:
            may_end.set()
        preparing.result(timeout=20)


def test_wrong_shape_is_refused_by_either(artifact_folder: Path) -> None:
    for engine in (OpenVinoEngine(artifact_folder), OnnxEngine(artifact_folder, providers=[CPU])):
        with pytest.raises(ValueError, match="must be"):
            engine(np.zeros((224, 224, 3), np.uint8))


def test_in_f16_the_trunk_is_halved_and_what_comes_after_its_last_maps_is_not(
    tmp_path: Path,
) -> None:
    """A convolution, a ReLU, then a mean and a head: as the exported ResNet ends."""
    weight = numpy_helper.from_array(np.full((2, 3, 1, 1), 1e-3, np.float32), "kernel")
    head = numpy_helper.from_array(np.array([[70_000.0], [0.0]], np.float32), "head")  # no fp16
    graph = helper.make_graph(
        [
            helper.make_node("Cast", ["pixels"], ["floats"], "cast", to=TensorProto.FLOAT),
            helper.make_node("Transpose", ["floats"], ["images"], "turn", perm=[0, 3, 1, 2]),
            helper.make_node("Conv", ["images", "kernel"], ["convolved"], "conv"),
            helper.make_node("Relu", ["convolved"], ["maps"], "relu"),
            helper.make_node("GlobalAveragePool", ["maps"], ["pooled"], "pool"),
            helper.make_node("Flatten", ["pooled"], ["features"], "flatten"),
            helper.make_node("MatMul", ["features", "head"], ["logits"], "head"),
            helper.make_node("ReduceSum", ["logits"], ["novelty"], "sum", keepdims=0),
        ],
        "small",
        [helper.make_tensor_value_info("pixels", TensorProto.UINT8, ["B", 8, 8, 3])],
        [
            helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["B", 1]),
            helper.make_tensor_value_info("novelty", TensorProto.FLOAT, []),
        ],
        [weight, head],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.save(model, tmp_path / artifact.ONNX)
    assert onnx_engine.heads(model) == ["flatten", "head", "pool", "sum"]
    scores = OnnxEngine(tmp_path, "f16", providers=[CPU])(np.full((1, 8, 8, 3), 10, np.uint8))
    assert scores.logits[0, 0] == pytest.approx(70_000 * 0.03, rel=1e-2)


def test_providers_that_are_not_here_are_left_out() -> None:
    assert onnx_engine.is_here(CPU)
    assert onnx_engine.is_here(CUDA) == (CUDA in ort.get_available_providers())


@pytest.fixture
def no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "has_gpu", lambda: False)


@pytest.fixture
def a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "has_gpu", lambda: True)


def int8_copy(folder: Path, to: Path) -> artifact.Card:
    """The known artifact with a card that says its graph is the one in int8."""
    to.mkdir()
    for name in (artifact.ONNX, artifact.OPENVINO, artifact.OPENVINO_WEIGHTS):
        (to / name).write_bytes((folder / name).read_bytes())
    card = artifact.read_card(folder).model_copy(update={"precision": "int8"})
    return artifact.write_card(to, card)


@pytest.mark.usefixtures("no_gpu")
@pytest.mark.parametrize(
    ("wanted", "runs"), [("auto", "int8"), ("int8", "int8"), ("bf16", "bf16"), ("f32", "f32")]
)
def test_every_precision_can_be_had_of_an_int8_model(
    artifact_folder: Path, tmp_path: Path, pixels: np.ndarray, wanted: str, runs: str
) -> None:
    card = int8_copy(artifact_folder, tmp_path / "int8")
    engine = engines.load(tmp_path / "int8", card, Settings(precision=wanted))
    assert runs in engine.name
    expected = OpenVinoEngine(artifact_folder)(pixels)
    np.testing.assert_allclose(engine(pixels).logits, expected.logits, atol=1e-2)


@pytest.mark.usefixtures("no_gpu")
@pytest.mark.parametrize("wanted", ["int8", "f16"])
def test_precision_that_the_model_does_not_have_is_refused_with_what_it_has(
    artifact_folder: Path, wanted: str
) -> None:
    card = artifact.read_card(artifact_folder)
    with pytest.raises(EngineError, match=f"CATDOG_PRECISION is '{wanted}'.* bf16 or f32 only"):
        engines.check(card, Settings(precision=wanted))


@pytest.mark.usefixtures("no_gpu")
def test_gpu_that_is_not_there_is_refused_where_it_is_asked_for(artifact_folder: Path) -> None:
    card = artifact.read_card(artifact_folder)
    with pytest.raises(EngineError, match=r"CATDOG_DEVICE is 'gpu'.*requirements/gpu\.txt"):
        engines.check(card, Settings(device="gpu"))
    assert "CPU" in engines.load(Path(artifact_folder), card, Settings()).name


@pytest.mark.usefixtures("a_gpu")
def test_gpu_that_onnx_runtime_cannot_use_is_said(
    artifact_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    card = artifact.read_card(artifact_folder)
    assert "OpenVINO on the CPU" in engines.load(artifact_folder, card, Settings()).name
    assert "The CPU serves instead" in caplog.text
    with pytest.raises(EngineError, match="CATDOG_DEVICE is 'gpu', and there is a GPU, but"):
        engines.load(artifact_folder, card, Settings(device="gpu"))


@pytest.mark.usefixtures("a_gpu")
def test_on_a_gpu_the_fp32_graph_runs_in_f16_unless_the_cpu_is_asked_for(
    artifact_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(OnnxEngine, "is_on_gpu", True)  # there is none here: which is chosen
    card = artifact.read_card(artifact_folder)
    assert "ONNX Runtime" in engines.load(artifact_folder, card, Settings()).name
    assert "f16" in engines.load(artifact_folder, card, Settings()).name
    assert "f32" in engines.load(artifact_folder, card, Settings(precision="f32")).name
    assert "OpenVINO" in engines.load(artifact_folder, card, Settings(device="cpu")).name
    with pytest.raises(EngineError, match="f16 or f32 only"):
        engines.check(card, Settings(precision="int8"))


def test_without_onnx_runtime_there_is_no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    assert not engines.has_gpu()


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


def test_a_graph_without_activation_maps_says_what_to_do(tmp_path: Path) -> None:
    known_network.write_artifact(tmp_path / "old", explains=False)
    with pytest.raises(ArtifactError, match=r"not give activation_map.*Export it again"):
        OpenVinoEngine(tmp_path / "old").explain(np.zeros((1, 224, 224, 3), np.uint8))
