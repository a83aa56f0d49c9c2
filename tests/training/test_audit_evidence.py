from pathlib import Path

import numpy as np
import pytest
import torch

from data.picture import Row
from training.audit import neighbours, out_of_fold
from training.audit.evidence import strangeness
from training.errors import TrainingError

WIDTH = 32


def rows(count: int) -> list[Row]:
    return [Row(Path(f"/{i}.png"), "cat", "train", f"{i:064x}", "", 99, 99) for i in range(count)]


def cloud(count: int) -> torch.Tensor:
    """(count, 32) directions around one, as features of photographs are."""
    generator = torch.Generator().manual_seed(0)
    return torch.randn(count, WIDTH, generator=generator) + 1


def test_crops_are_twins_and_other_pictures_are_not():
    features = cloud(60)
    features[1] = features[0] + 0.1 * features[2]
    features[59] = features[1] - 0.1 * features[3]
    groups = neighbours.twin_groups(rows(60), features)
    assert groups[0] == groups[1] == groups[59]
    assert len(set(groups.tolist())) == 58


def test_what_is_near_depends_on_how_near_pictures_usually_are():
    blurred = cloud(60) + 20  # cosines over 0.99 between any two
    assert len(set(neighbours.twin_groups(rows(60), blurred).tolist())) == 60


def test_pictures_of_equal_hash_are_twins_whatever_their_features():
    found = rows(60)
    for i in (3, 7):
        found[i] = Row(Path(f"/{i}.png"), "cat", "train", f"{i:064x}", "0123456789abcdef", 9, 9)
    groups = neighbours.twin_groups(found, cloud(60))
    assert groups[3] == groups[7]
    assert len(set(groups.tolist())) == 59


def test_more_pictures_than_one_chunk_give_the_same_groups_and_closeness(monkeypatch):
    features = cloud(60)
    features[50] = features[2]
    is_pet = np.arange(60) % 3 > 0
    whole = neighbours.twin_groups(rows(60), features)
    near = neighbours.closeness(features, is_pet, whole)
    monkeypatch.setattr(neighbours, "_CHUNK", 7)
    np.testing.assert_array_equal(neighbours.twin_groups(rows(60), features), whole)
    np.testing.assert_allclose(neighbours.closeness(features, is_pet, whole), near, rtol=1e-5)


def test_copies_of_one_logo_do_not_vouch_for_each_other():
    features = cloud(60)
    features[:20] = -features[0]  # far from all others, and twenty times there
    groups = np.r_[np.zeros(20, int), np.arange(1, 41)]
    near = neighbours.closeness(features, np.ones(60, bool), groups)
    assert near[:20].max() < near[20:].min()


def test_those_that_are_no_pets_are_nobody_s_neighbours():
    features = cloud(60)
    alone, *_ = neighbours.closeness(features, np.arange(60) < 30, np.arange(60))
    features[30:] = features[0]
    again, *_ = neighbours.closeness(features, np.arange(60) < 30, np.arange(60))
    assert again == pytest.approx(alone)


def labelled_clouds(count: int) -> tuple[torch.Tensor, np.ndarray]:
    """Features of which the first says cat or dog, and labels."""
    is_dog = np.arange(count) % 2
    features = cloud(count)
    features[:, 0] = torch.tensor(np.where(is_dog, 4.0, -4.0))
    return features, is_dog


def test_a_twin_does_not_vouch_for_a_wrong_label():
    """A direction that only the twins have would tell a head what they are labelled."""
    features, is_dog = labelled_clouds(200)
    features = torch.cat([features, torch.zeros(200, 1)], 1)
    features[[0, 2], -1] = 1000
    is_dog[[0, 2]] = 1  # they look like cats
    prior = torch.zeros(WIDTH + 1)
    alone, twins = np.arange(200), np.where(np.arange(200) == 2, 0, np.arange(200))
    assert out_of_fold.logits(features, is_dog, alone, prior)[[0, 2]].min() > 0
    assert out_of_fold.logits(features, is_dog, twins, prior)[[0, 2]].max() < 0


def test_no_picture_of_neither_changes_what_is_said_of_the_pets():
    features, is_dog = labelled_clouds(200)
    prior = torch.zeros(WIDTH)
    without = out_of_fold.logits(features[:150], is_dog[:150], np.arange(150), prior)
    is_dog[150:] = -1
    said = out_of_fold.logits(features, is_dog, np.arange(200), prior)
    np.testing.assert_allclose(said[:150], without, atol=1e-3)
    assert ((said[150:] > 0) == (np.arange(150, 200) % 2)).all()


def test_pictures_that_are_all_near_duplicates_are_refused():
    features, is_dog = labelled_clouds(40)
    with pytest.raises(TrainingError, match=r"The 40 cats and dogs are near .*: 3 differ"):
        out_of_fold.logits(features, is_dog, np.arange(40) % 3, torch.zeros(WIDTH))


def test_strangeness_counts_the_deviations_of_pets_and_no_outlier_moves_it():
    random = np.random.default_rng(0)
    is_pet = np.arange(1000) < 900
    novelty, near = random.normal(-5, 3, 1000), random.normal(0.7, 0.05, 1000)
    novelty[:20], near[:20] = 1e6, -1.0  # logos among the pets
    novelty[900:], near[900:] = 5, 0.4
    found = strangeness(novelty, near, is_pet)
    assert found[20:900].mean() == pytest.approx(0, abs=0.1)
    assert found[20:900].std() == pytest.approx(1, abs=0.1)
    assert found[900:].min() > 5
    assert found[:20].min() > found[900:].max()


def test_features_that_never_differ_make_nothing_strange():
    assert (strangeness(np.zeros(9), np.ones(9), np.ones(9, bool)) == 0).all()
