"""What explanations are made of, without a server."""

import asyncio
import io
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import openvino as ov
import pytest
from PIL import Image

from service import artifact, drawing, filters
from service.artifact import ArtifactError
from service.engine import Run
from service.greying import GREY, SHARES, greyed_out
from service.onnx_engine import CPU, OnnxEngine
from service.openvino_engine import OpenVinoEngine, core
from service.remote import TRIES, insist
from service.sight import SIGHT, STAGES, STRONGEST, Sight
from tests import explained, known_network


@pytest.fixture
def pixels() -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (1, 224, 224, 3), np.uint8)


def test_scoring_runs_nothing_but_what_scores_need(
    artifact_folder: Path, pixels: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled: list[ov.Model] = []
    compile_model = ov.Core.compile_model

    def noting(core: ov.Core, graph: ov.Model, *rest: object) -> ov.CompiledModel:
        compiled.append(graph)
        return compile_model(core, graph, *rest)

    monkeypatch.setattr(ov.Core, "compile_model", noting)
    engine = OpenVinoEngine(artifact_folder, threads=2)
    engine(pixels)
    together, apart = compiled
    for scoring in (together, apart):
        assert [output.any_name for output in scoring.outputs] == ["logits", "novelty"]
        assert "Convolution" not in {op.get_type_name() for op in scoring.get_ops()}
    engine.see(pixels)
    engine.see(pixels)
    assert len(compiled) == 3, "once each, and not before it is asked for"


def test_seeing_is_prepared_once_by_whoever_comes_first(
    artifact_folder: Path, pixels: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = OpenVinoEngine(artifact_folder)
    compiled: list[Sequence[str]] = []
    compile_ = OpenVinoEngine._compile

    def noting(engine: OpenVinoEngine, outputs: Sequence[str]) -> Run:
        compiled.append(outputs)
        return compile_(engine, outputs)

    monkeypatch.setattr(OpenVinoEngine, "_compile", noting)
    with ThreadPoolExecutor(4) as threads:
        calls = [threads.submit(engine.prepare_to_see) for _ in range(2)]
        sights = [threads.submit(engine.see, pixels) for _ in range(2)]
    assert [call.result() for call in calls] == [None, None]
    assert (sights[0].result().activation_map == sights[1].result().activation_map).all()
    assert compiled == [SIGHT]


def test_the_strongest_maps_are_those_of_the_highest_mean(
    artifact_folder: Path, pixels: np.ndarray
) -> None:
    sight = OpenVinoEngine(artifact_folder).see(pixels)
    graph = core().compile_model(str(artifact_folder / artifact.ONNX), "CPU")(pixels)
    for stage in sight.stages:
        maps = graph[stage.name][0]
        order = np.argsort(maps.mean((1, 2)))[::-1][:STRONGEST]
        assert stage.channels.tolist() == order.tolist()
        assert stage.of == len(maps)
        np.testing.assert_allclose(stage.maps, maps[order], rtol=1e-4)
    assert tuple(stage.name for stage in sight.stages) == STAGES


def test_onnx_runtime_sees_what_openvino_sees(artifact_folder: Path, pixels: np.ndarray) -> None:
    ours = OpenVinoEngine(artifact_folder).see(pixels)
    strongest = np.abs(ours.activation_map).max()
    for precision, tolerance in (("f32", 1e-4), ("f16", 2e-2)):
        theirs = OnnxEngine(artifact_folder, precision, providers=[CPU]).see(pixels)
        off = np.abs(theirs.activation_map - ours.activation_map).max()
        assert off < tolerance * strongest
        np.testing.assert_allclose(theirs.imagenet, ours.imagenet, rtol=tolerance, atol=1e-6)
        for a, b in zip(theirs.stages, ours.stages, strict=True):
            np.testing.assert_allclose(a.maps.mean((1, 2)), b.maps.mean((1, 2)), rtol=tolerance)


def test_what_was_seen_outlives_the_next_look(artifact_folder: Path, pixels: np.ndarray) -> None:
    engine = OpenVinoEngine(artifact_folder)
    first = engine.see(pixels)
    kept = [first.activation_map.copy(), *(stage.maps.copy() for stage in first.stages)]
    engine.see(255 - pixels)
    for a, b in zip(kept, [first.activation_map, *(s.maps for s in first.stages)], strict=True):
        assert (a == b).all()


def test_a_sight_survives_the_way_between_processes(
    artifact_folder: Path, pixels: np.ndarray
) -> None:
    """On which BentoML makes plain tuples of named ones."""
    sight = OpenVinoEngine(artifact_folder).see(pixels)._replace(seconds=0.25)
    plain = (sight[0], sight[1], tuple(tuple(stage) for stage in sight.stages), sight[3])
    again = Sight.of(plain)
    assert again.seconds == 0.25
    assert [stage.name for stage in again.stages] == list(STAGES)
    assert again.stages[0].maps is sight.stages[0].maps


def test_an_older_graph_says_what_to_do(tmp_path: Path, pixels: np.ndarray) -> None:
    known_network.write_artifact(tmp_path / "old", explains=False)
    assert artifact.read_classes(tmp_path / "old") == ()
    for engine in (
        OpenVinoEngine(tmp_path / "old"),
        OnnxEngine(tmp_path / "old", providers=[CPU]),
    ):
        with pytest.raises(ArtifactError, match=r"does not give .*stem.*Export it again"):
            engine.see(pixels)


def test_classes_travel_in_the_artifact(artifact_folder: Path) -> None:
    assert artifact.read_classes(artifact_folder) == known_network.CLASSES


def test_the_share_that_spoke_most_is_grey_and_the_rest_as_it_was() -> None:
    white = np.full((224, 224, 3), 255, np.uint8)
    contributions = np.zeros((7, 7))
    contributions[5, 1], contributions[0, 6] = 3, -9
    for share, without in zip(SHARES, greyed_out(white, contributions), strict=True):
        softly = (255 - without.astype(float)).mean((0, 1)) / (255 - np.array(GREY))
        assert softly == pytest.approx([share] * 3, rel=0.05)
        assert tuple(without[5 * 32 + 16, 48]) == GREY, "the strongest place"
        assert tuple(without[16, 208]) == (255, 255, 255), "what spoke against it"


def test_greying_reaches_the_border_and_any_size() -> None:
    black = np.zeros((150, 210, 3), np.uint8)
    contributions = np.zeros((7, 7))
    contributions[:, 0] = 1
    without = greyed_out(black, contributions)
    assert without.shape == (3, 150, 210, 3)
    assert tuple(without[0, 75, 0]) == GREY
    assert not without[0, :, 180:].any()


def test_maps_of_nothing_are_drawn_as_nothing() -> None:
    assert not explained.pixels(drawing.overlay(np.zeros((7, 7)), 224))[..., 3].any()
    assert not explained.pixels(drawing.feature_map(np.zeros((14, 14), np.float32))).any()


def test_a_feature_map_is_drawn_as_it_is() -> None:
    values = np.arange(16, dtype=np.float32).reshape(4, 4) / 3
    np.testing.assert_array_equal(
        explained.pixels(drawing.feature_map(values)), np.arange(16).reshape(4, 4) * 17
    )


def test_filters_are_drawn_one_by_one(artifact_folder: Path) -> None:
    sheet = np.asarray(Image.open(io.BytesIO(filters.sheet(artifact_folder))))
    step, middle = 8 * filters.SCALE, 3 * filters.SCALE
    for k in range(64):
        top, left = k // 8 * step, k % 8 * step
        expected = [128, 128, 128]
        assert sheet[top, left].tolist() == expected
        expected[k % 3] = 255
        assert sheet[top + middle, left + middle].tolist() == expected


def test_where_there_are_no_filters_there_is_no_picture(tmp_path: Path) -> None:
    known_network.write_artifact(tmp_path / "old", explains=False)
    assert filters.sheet(tmp_path / "old") == b""


def test_a_look_is_tried_again_when_the_connection_breaks(pixels: np.ndarray) -> None:
    from aiohttp import ServerDisconnectedError

    tries = 0

    async def flaky(_: np.ndarray) -> str:
        nonlocal tries
        tries += 1
        if tries < TRIES:
            raise ServerDisconnectedError
        return "seen"

    assert asyncio.run(insist(flaky, pixels)) == "seen"
