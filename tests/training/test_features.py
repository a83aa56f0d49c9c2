"""Features kept on disk are those that would be computed, to the last bit."""

import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from data.errors import DataError
from data.manifest import build
from data.picture import Row
from data.source import resolve
from training import weights
from training.feature_cache import FeatureCache
from training.features import BATCH, cached_features, pooled_features
from training.folding import folded
from training.network import STAGES, CatDogNet, stages
from training.pictures import CentralSquares, targets


@pytest.fixture(scope="module")
def network(weights_file: Path) -> CatDogNet:
    pretrained = weights.load("resnet18", str(weights_file))
    network = CatDogNet("resnet18")
    network.load_pretrained(pretrained.state)
    generator = torch.Generator().manual_seed(1)
    for module in network.trunk.modules():  # as after training: statistics that are not 0 and 1
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1, generator=generator)
            module.running_var.uniform_(0.5, 2, generator=generator)
    return network.to(memory_format=torch.channels_last)


@pytest.fixture(scope="module")
def rows(pets: Path) -> tuple[Row, ...]:
    return build(resolve(str(pets))).rows


@pytest.fixture
def unread(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """After calling it, reading any picture is an error."""

    def forbid() -> None:
        def refuse(_: CentralSquares, index: int) -> None:
            raise AssertionError(f"picture {index} was read again")

        monkeypatch.setattr(CentralSquares, "__getitem__", refuse)

    return forbid


def test_folding_batch_norms_changes_no_output(network: CatDogNet) -> None:
    images = network.standardize(torch.randint(0, 256, (2, 64, 64, 3), dtype=torch.uint8))
    with torch.inference_mode():
        expected = stages(network.trunk, images, STAGES)
        found = stages(folded(network.trunk), images, STAGES)
    assert expected.abs().max() > 0.1
    torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-4)
    assert any(isinstance(m, nn.BatchNorm2d) for m in network.trunk.modules())
    assert not any(isinstance(m, nn.BatchNorm2d) for m in folded(network.trunk).modules())


def test_the_second_time_no_picture_is_read(
    network: CatDogNet, rows: tuple[Row, ...], unread: Callable[[], None]
) -> None:
    first = cached_features(network, rows, "first", workers=0)
    unread()
    assert torch.equal(cached_features(network, rows, "second", workers=0), first)


def test_what_a_cache_holds_already_changes_no_bit(
    network: CatDogNet, rows: tuple[Row, ...]
) -> None:
    """Batches are filled up: alone or among others, a picture has the same features."""
    assert len(rows) < BATCH
    whole = pooled_features(network, rows, "whole", workers=0)
    cached_features(network, rows[:7], "some", workers=0)
    assert torch.equal(cached_features(network, rows, "the others", workers=0), whole)


def test_order_and_repetition_are_the_callers(network: CatDogNet, rows: tuple[Row, ...]) -> None:
    forwards = cached_features(network, rows, "forwards", workers=0)
    backwards = cached_features(network, rows[::-1], "backwards", workers=0)
    assert torch.equal(backwards.flip(0), forwards)


def test_another_trunk_has_features_of_its_own(network: CatDogNet, rows: tuple[Row, ...]) -> None:
    before = cached_features(network, rows[:3], "before", workers=0)
    other = CatDogNet("resnet18")
    other.load_state_dict(network.state_dict())
    with torch.no_grad():
        other.trunk.layer4[1].conv2.weight.mul_(1.01)
    after = cached_features(other.to(memory_format=torch.channels_last), rows[:3], "x", workers=0)
    assert not torch.equal(before, after)


def test_a_head_of_its_own_does_not_make_another_trunk(network: CatDogNet) -> None:
    other = CatDogNet("resnet18")
    other.load_state_dict(network.state_dict())
    with torch.no_grad():
        other.head.weight.fill_(3)
    cpu = torch.device("cpu")
    ours, theirs, in_fp32 = (
        FeatureCache(*of, wanted=()).folder
        for of in ((network, cpu, True), (other, cpu, True), (network, cpu, False))
    )
    assert ours == theirs != in_fp32


def test_a_damaged_shard_is_computed_anew(network: CatDogNet, rows: tuple[Row, ...]) -> None:
    first = cached_features(network, rows, "first", workers=0)
    cpu = torch.device("cpu")
    folders = {FeatureCache(network, cpu, is_bf16, ()).folder for is_bf16 in (True, False)}
    (shard,) = (path for folder in folders for path in folder.glob("*.npz"))
    shard.write_bytes(shard.read_bytes()[:-1000])
    assert torch.equal(cached_features(network, rows, "second", workers=0), first)


def test_of_what_the_disk_has_only_what_is_wanted_is_held(network: CatDogNet) -> None:
    cpu = torch.device("cpu")
    features = np.random.default_rng(0).random((900, 512), np.float32)  # 1.8 MB
    filled = FeatureCache(network, cpu, True, ())
    for start in range(0, 900, 300):
        filled.add([f"{i}" for i in range(start, start + 300)], features[start : start + 300])
    tracemalloc.start()
    try:
        cache = FeatureCache(network, cpu, True, {"7", "650", "900"})
        held_bytes, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert np.array_equal(cache.read(["650", "7"]), features[[650, 7]])
    assert not any(key in cache for key in ("0", "8", "900"))
    assert held_bytes < 100_000


def test_a_shard_of_fewer_features_than_pictures_is_computed_anew(network: CatDogNet) -> None:
    cpu = torch.device("cpu")
    features = np.ones((3, 512), np.float32)
    cache = FeatureCache(network, cpu, True, ())
    cache.add(["a", "b", "c"], features)
    (shard,) = cache.folder.iterdir()
    np.savez(shard, keys=np.array(["a", "b", "c"]), features=features[:2])
    assert "c" not in FeatureCache(network, cpu, True, {"c"})
    assert not shard.exists()


def test_a_picture_that_is_gone_is_named(network: CatDogNet, rows: tuple[Row, ...]) -> None:
    gone = replace(rows[0], path=rows[0].path.with_name("gone.png"), sha256="0" * 64)
    with pytest.raises(DataError, match=r"gone\.png is in the manifest but cannot be read"):
        pooled_features(network, [gone], "gone", workers=0)


def test_only_dogs_count_as_dogs(rows: tuple[Row, ...]) -> None:
    assert targets(rows).tolist() == [float(row.label == "dog") for row in rows]
    assert {row.label for row in rows} == {"cat", "dog", "neither"}
