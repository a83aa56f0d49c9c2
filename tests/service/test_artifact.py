"""service.artifact and service.openvino_engine, on the artifact of known arithmetic."""

from pathlib import Path

import numpy as np
import pytest

from service import artifact
from service.artifact import ArtifactError
from service.cores import usable_cores
from service.openvino_engine import OpenVinoEngine
from tests.model_store import flip_a_bit


def test_whole_artifact_verifies(exported: Path) -> None:
    names = {"model.onnx", "model.xml", "model.bin", "imagenet-classes.txt"}
    assert set(artifact.verify(exported).files) == names


@pytest.mark.parametrize("name", ["model.onnx", "model.xml", "model.bin", "imagenet-classes.txt"])
def test_one_flipped_bit_is_refused(exported: Path, name: str) -> None:
    flip_a_bit(exported / name)
    with pytest.raises(ArtifactError, match=f"{name} is damaged or was changed"):
        artifact.verify(exported)


def test_missing_file_is_refused(exported: Path) -> None:
    (exported / "model.bin").unlink()
    with pytest.raises(ArtifactError, match=r"model\.bin is named in card\.json but is not there"):
        artifact.verify(exported)


def test_card_without_a_graph_is_refused(exported: Path) -> None:
    (exported / "model.onnx").unlink()
    artifact.write_card(exported, artifact.read_card(exported))
    with pytest.raises(ArtifactError, match=r"lists no digest for model\.onnx"):
        artifact.verify(exported)


def test_card_that_names_a_file_elsewhere_is_refused(exported: Path) -> None:
    card = artifact.read_card(exported)
    outside = card.model_copy(update={"files": {**card.files, "../secret": "0" * 64}})
    (exported.parent / "secret").touch()
    (exported / artifact.CARD).write_text(outside.model_dump_json())
    with pytest.raises(ArtifactError, match="secret is named in"):
        artifact.verify(exported)


def test_folder_without_a_card_is_no_artifact(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match=r"holds no card\.json"):
        artifact.verify(tmp_path)


@pytest.mark.parametrize("text", ["", "{}", '{"format": 2}'])
def test_card_that_is_none_is_refused(exported: Path, text: str) -> None:
    (exported / artifact.CARD).write_text(text)
    with pytest.raises(ArtifactError, match="is not a card of format 1"):
        artifact.read_card(exported)


def test_card_with_flipped_labels_is_refused(exported: Path) -> None:
    flipped = artifact.read_card(exported).model_copy(update={"labels": ("dog", "cat")})
    artifact.write_card(exported, flipped)
    with pytest.raises(ArtifactError, match="Export the model again"):
        artifact.read_card(exported)


def test_card_survives_writing_and_reading(exported: Path) -> None:
    card = artifact.read_card(exported)
    assert artifact.write_card(exported, card) == card == artifact.read_card(exported)


@pytest.mark.parametrize("graph", [artifact.OPENVINO, artifact.ONNX])
@pytest.mark.parametrize("batch", [1, 3, 17])
def test_engine_scores_batches_of_any_size_row_by_row(
    artifact_folder: Path, graph: str, batch: int
) -> None:
    pixels = np.zeros((batch, 224, 224, 3), np.uint8)
    pixels[..., 0] = np.arange(batch)[:, None, None] * 10
    scores = OpenVinoEngine(artifact_folder, graph=graph)(pixels)
    expected = np.arange(batch) * 10 * 4 / 255
    assert scores.logits == pytest.approx(np.stack([expected, -expected], axis=1), abs=1e-5)
    assert scores.novelty == pytest.approx(np.zeros(batch))


def test_engine_results_outlive_the_next_call(artifact_folder: Path) -> None:
    engine = OpenVinoEngine(artifact_folder)
    first = engine(np.full((1, 224, 224, 3), 255, np.uint8)).novelty
    engine(np.zeros((1, 224, 224, 3), np.uint8))
    assert first[0] == pytest.approx(1)


@pytest.mark.parametrize("shape", [(224, 224, 3), (1, 3, 224, 224), (1, 224, 224)])
def test_engine_refuses_other_shapes(artifact_folder: Path, shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="pixels must be"):
        OpenVinoEngine(artifact_folder)(np.zeros(shape, np.uint8))


def test_at_least_one_core_is_usable() -> None:
    assert usable_cores() >= 1
