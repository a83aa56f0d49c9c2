"""What export must show: the right graph, and the fastest precision that answers alike."""

from pathlib import Path

import numpy as np
import pytest
import torch

from data.manifest import Manifest
from data.picture import TEST, VAL, Row
from service import artifact
from service.engine import Scores
from service.openvino_engine import has_bf16
from tests.training.conftest import Finished
from training import judging, proof
from training.errors import TrainingError
from training.judging import Judged
from training.network import CatDogNet


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
    reference = judged(right, novelty=0.1)
    assert proof.agreement(judged(right, novelty=0.119), reference).is_faithful
    assert not proof.agreement(judged(right, novelty=0.121), reference).is_faithful


def test_int8_on_training_pictures_serves_where_it_is_faithful(released: Finished) -> None:
    card = artifact.read_card(released.run.artifact)
    assert set(card.agreements) == {"int8", *(["bf16"] if has_bf16() else [])}
    faithful = [name for name, a in card.agreements.items() if a.is_faithful]
    assert card.precision == next(iter([*faithful, "f32"]))
    graph = (released.run.artifact / artifact.OPENVINO).read_text()
    assert ("FakeQuantize" in graph) == (card.precision == "int8")


@pytest.mark.parametrize(
    ("unfaithful", "serves"), [((), "int8"), (("int8",), "bf16"), (("int8", "bf16"), "f32")]
)
def test_the_fastest_that_is_faithful_serves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, unfaithful: tuple[str, ...], serves: str
) -> None:
    right = np.ones(1000, bool)
    wrong = right.copy()
    wrong[:10] = False

    def score(precision: object, *_: object) -> Judged:
        return judged(wrong if precision in unfaithful else right)

    monkeypatch.setattr(proof, "has_bf16", lambda: True)
    monkeypatch.setattr(proof, "OpenVinoEngine", lambda _, precision, **__: precision)
    monkeypatch.setattr(judging, "score", score)
    found, agreements = proof.fastest_faithful(tmp_path, tmp_path, ())
    assert found == serves
    assert {p for p, each in agreements.items() if not each.is_faithful} == set(unfaithful)
