import tracemalloc

import numpy as np
import pytest

from data import near


def clustered_hashes(seed: int) -> np.ndarray:
    """Distinct hashes, many at each small distance: 50 centres, 0 to 19 bits flipped."""
    rng = np.random.default_rng(seed)
    centres = rng.integers(0, 2**64, 50, dtype=np.uint64)
    flips = [rng.choice(64, n, replace=False) for n in range(20) for _ in centres]
    masks = np.array([sum(1 << int(bit) for bit in bits) for bits in flips], dtype=np.uint64)
    return np.unique(np.tile(centres, 20) ^ masks)


def every_pair(hashes: np.ndarray, radius_bits: int) -> np.ndarray:
    """By trying all."""
    distance = np.bitwise_count(hashes[:, None] ^ hashes[None, :])
    return np.argwhere(np.triu(distance <= radius_bits, k=1))


@pytest.mark.parametrize("radius_bits", [0, 1, 6, 8, 9, 12])
def test_banding_finds_exactly_the_pairs_that_trying_all_finds(radius_bits):
    hashes = clustered_hashes(seed=radius_bits)
    np.random.default_rng(radius_bits).shuffle(hashes)
    found = near.near_pairs(hashes, radius_bits)
    np.testing.assert_array_equal(found, every_pair(hashes, radius_bits))


@pytest.mark.parametrize("at_once", [1, 7, 1000])
def test_what_is_compared_slice_by_slice_is_found_as_well(monkeypatch, at_once):
    monkeypatch.setattr(near, "_AT_ONCE", at_once)
    hashes = clustered_hashes(seed=1)
    np.testing.assert_array_equal(near.near_pairs(hashes), every_pair(hashes, near.NEAR_BITS))


def test_memory_does_not_grow_with_the_pairs_to_compare():
    """Of 3,000 hashes that agree in 24 bits there are 4.5 million."""
    upper = np.random.default_rng(0).integers(0, 2**40, 3000, dtype=np.uint64)
    hashes = np.unique(upper << np.uint64(24))
    tracemalloc.start()
    found = near.near_pairs(hashes)
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak_bytes < 100e6
    np.testing.assert_array_equal(found, every_pair(hashes, near.NEAR_BITS))


def test_no_pictures_have_no_pairs():
    assert near.group({}, {}) == []


def phash(*bits: int) -> str:
    return f"{sum(1 << bit for bit in bits):016x}"


def test_nearness_is_followed_from_picture_to_picture():
    chain = {"a": phash(), "b": phash(*range(8)), "c": phash(*range(16)), "d": phash(*range(40))}
    assert [group.members for group in near.group(chain, {})] == [("a", "b", "c"), ("d",)]


def test_decided_pictures_link_no_groups():
    chain = {"a": phash(), "b": phash(*range(8)), "c": phash(*range(16))}
    groups = near.group(chain, {"b": "val"})
    assert [(g.members, dict(g.touching)) for g in groups] == [
        (("a",), {"val": "b"}),
        (("c",), {"val": "b"}),
    ]


def test_pictures_of_equal_hash_see_every_side_that_hash_is_on():
    (group,) = near.group(dict.fromkeys("abc", phash(1)), {"a": "test", "b": "train"})
    assert group.members == ("c",)
    assert group.touching == {"test": "a", "train": "b"}


def test_flat_pictures_are_near_nothing():
    assert len(near.group(dict.fromkeys("abc", ""), {})) == 3
