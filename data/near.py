"""Near duplicates: the same picture re-encoded, resized, brightened or slightly cropped.

Two pictures are near when their perceptual hashes differ in few bits. Nearness is
followed from picture to picture: a burst of photographs is one group.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, combinations, pairwise

import numpy as np

# Bits of 64. Of the 9 million pairs among 4,250 photographs, the 2 at distance 0 are
# duplicates, none lie at 1 to 9, and the 5 at 10 are different animals. Among 2,000
# CIFAR pictures the pairs at 4, 6 and 8 are duplicates, as are 3 of the 4 at 10.
# Photographs saved at JPEG quality 20, halved, doubled or turned grey stay within 4,
# 99 % of those cropped by 4 % and all but one of 200 brightened by a fifth within 8;
# cropping by 10 % mostly escapes. (imagehash.phash; distances come out even.)
NEAR_BITS = 8

# Hashes that differ in 8 of 64 bits differ in at most 2 bits of some third of them. Five bands
# would need one flip, and 23 times as many comparisons, counted among 4,250 photographs.
_BANDS = 3
_AT_ONCE = 2**20  # candidates to compare, about 40 MB


@dataclass(frozen=True)
class Group:
    """Near duplicates that nothing has put on a side yet.

    members: their sha256, sorted; the first is the leader.
    touching: split -> sha256 of a picture that is in it and near one of the members.
    """

    members: tuple[str, ...]
    touching: Mapping[str, str]


def group(phashes: Mapping[str, str], decided: Mapping[str, str]) -> list[Group]:
    """Group the undecided pictures by nearness, and note the decided ones they are near.

    Decided pictures don't link groups to each other: their sides may differ.

    Args:
        phashes: sha256 -> phash, of all pictures. One without a phash is near nothing.
        decided: sha256 -> split, of those whose side is known.
    """
    # Pictures are handled by hash: a thousand frames of one empty scene are one node.
    undecided_at: dict[str, list[str]] = {}
    touching_at: dict[str, dict[str, str]] = {}
    for sha256, phash in sorted(phashes.items()):
        node = phash or f"flat {sha256}"
        if sha256 in decided:
            touching_at.setdefault(node, {}).setdefault(decided[sha256], sha256)
        else:
            undecided_at.setdefault(node, []).append(sha256)
    root = {node: node for node in undecided_at}
    pairs = near_phashes(sorted({phash for phash in phashes.values() if phash}))
    for a, b in pairs:
        if a in root and b in root:
            root[_find(root, a)] = _find(root, b)

    members: dict[str, list[str]] = {}
    touching: dict[str, dict[str, str]] = {node: {} for node in root}
    for node, sha256s in undecided_at.items():
        members.setdefault(_find(root, node), []).extend(sha256s)
    for a, b in chain(pairs, ((b, a) for a, b in pairs), ((node, node) for node in root)):
        if a in root:
            touching[_find(root, a)] |= touching_at.get(b, {})
    return [Group(tuple(sorted(members[node])), touching[node]) for node in members]


def near_pairs(phashes: np.ndarray, radius_bits: int = NEAR_BITS) -> np.ndarray:
    """Find all pairs of hashes within a Hamming distance, without trying every pair.

    By the pigeonhole principle some band of bits differs in at most a third of the
    distance, so only hashes that agree in a band, up to so many flipped bits, are compared.

    Args:
        phashes: (N,) uint64, distinct.
        radius_bits: at least 0; the work grows steeply with every third bit.
    Returns:
        (K, 2) int64, indices i < j.
    """
    n = len(phashes)
    found = [np.empty(0, dtype=np.int64)]  # i * n + j
    edges = np.linspace(0, 64, _BANDS + 1).astype(int)
    for low, high in pairwise(edges):
        band = (phashes >> np.uint64(low)) & np.uint64((1 << (high - low)) - 1)  # (N,)
        order = np.argsort(band, kind="stable")
        values, first, size = np.unique(band[order], return_index=True, return_counts=True)
        number = np.arange(1, len(values) + 1, dtype=np.int32)  # of each value
        number_of = np.zeros(1 << (high - low), dtype=np.int32)  # 0: no hash has it
        number_of[values] = number
        for flip in _flips(high - low, radius_bits // _BANDS):
            others = number_of[values ^ flip]
            a = np.flatnonzero(others >= number)  # or each pair of values would come twice
            if not len(a):
                continue  # as nearly always where the pictures are few
            b = np.repeat(others[a] - 1, size[a])
            ones, start, count = _spans(first[a], size[a]), first[b], size[b]
            for part in _slices(count):
                i = order[np.repeat(ones[part], count[part])]
                j = order[_spans(start[part], count[part])]
                is_near = (i != j) & (np.bitwise_count(phashes[i] ^ phashes[j]) <= radius_bits)
                i, j = i[is_near], j[is_near]
                found.append(np.minimum(i, j) * n + np.maximum(i, j))
    keys = np.unique(np.concatenate(found))
    return np.stack([keys // n, keys % n], axis=1)


def _flips(n_bits: int, at_most: int) -> Iterator[np.uint64]:
    """Every number of so many bits of which few are set."""
    for n_set in range(at_most + 1):
        for bits in combinations(range(n_bits), n_set):
            yield np.uint64(sum(1 << bit for bit in bits))


def _spans(start: np.ndarray, count: np.ndarray) -> np.ndarray:
    """From each start so many numbers, one span after the other."""
    offset: np.ndarray = np.repeat(start - (np.cumsum(count) - count), count)
    return offset + np.arange(len(offset))


def _slices(count: np.ndarray) -> Iterator[slice]:
    """Of consecutive hashes whose candidates fit into memory; those of one are not divided."""
    ends = np.cumsum(count)
    starts = np.searchsorted(ends, np.arange(0, count.sum(), _AT_ONCE), "right").tolist()
    yield from map(slice, starts, [*starts[1:], len(count)])


def near_phashes(phashes: Sequence[str]) -> list[tuple[str, str]]:
    """Each two of some different perceptual hashes, in hexadecimal, that are near each other."""
    values = np.array([int(phash, 16) for phash in phashes], dtype=np.uint64)
    return [(phashes[i], phashes[j]) for i, j in near_pairs(values).tolist()]


def _find(root: dict[str, str], node: str) -> str:
    """The representative of the node's group; paths are halved on the way."""
    while root[node] != node:
        root[node] = root[root[node]]
        node = root[node]
    return node
