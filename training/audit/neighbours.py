"""Which pictures lie near each other in feature space, by the cosine of their features."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from torch import Tensor
from torch.nn.functional import normalize
from tqdm import tqdm

from data import near
from data.picture import Row

NEIGHBOURS = 10
# Twins are nearer to each other than this share of the distance (1 - cosine) to the tenth
# neighbour that is usual in the data set: blurred pictures are all near each other, and many
# pictures have nearer neighbours than few. On 4,250 photographs that is a cosine of 0.92;
# docs/audit.md says what it finds.
TWIN_SHARE = 0.24
LEAST_TWIN_COSINE = 0.9
_CHUNK = 1024  # pictures compared with all others at a time


def twin_groups(rows: Sequence[Row], features: Tensor) -> np.ndarray:
    """Group near duplicates: those of `data.near`, and crops and mirror images, which it misses.

    Returns:
        (N,) int, equal for pictures of one group.
    """
    index = {row.sha256: i for i, row in enumerate(rows)}
    hashed = near.group({row.sha256: row.phash for row in rows}, {})
    links = [[index[g.members[0]], index[m]] for g in hashed for m in g.members[1:]]
    pairs = [np.array(links, dtype=np.int64).reshape(-1, 2), _twins(features)]
    i, j = np.concatenate(pairs).T
    graph = coo_array((np.ones(len(i)), (i, j)), shape=(len(rows), len(rows)))
    groups: np.ndarray = connected_components(graph, directed=False)[1]
    return groups


def closeness(features: Tensor, is_pet: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """How close each picture is to the cats and dogs: mean cosine with the nearest ten.

    Those of its own group don't count, or copies of one logo would vouch for each other.

    Args:
        features: (N, C).
        is_pet: (N,) bool.
        groups: (N,) int.
    Returns:
        (N,) float32, -1 to 1.
    """
    pets = features[is_pet]
    found = []
    for start, cosines in _cosines(features, pets, "Neighbours"):
        own = groups[start : start + len(cosines), np.newaxis] == groups[is_pet]
        cosines[torch.from_numpy(own)] = -1
        found.append(cosines.topk(min(NEIGHBOURS, len(pets)), dim=1).values.mean(1).numpy())
    return np.concatenate(found)


def _twins(features: Tensor) -> np.ndarray:
    """(K, 2) int64, the pairs whose cosine stands out."""
    nearest = min(NEIGHBOURS + 1, len(features))  # the first is the picture itself
    tenth = [
        cosines.topk(nearest, dim=1).values[:, -1]
        for _, cosines in _cosines(features, features, "Nearness")
    ]
    usual = float(torch.cat(tenth).median())
    threshold = max(LEAST_TWIN_COSINE, 1 - TWIN_SHARE * (1 - usual))
    pairs = []
    for start, cosines in _cosines(features, features, "Twins"):
        i, j = torch.nonzero(cosines > threshold, as_tuple=True)
        pairs.append(torch.stack([i + start, j], dim=1)[j > i + start].numpy())
    return np.concatenate(pairs)


def _cosines(some: Tensor, others: Tensor, name: str) -> Iterator[tuple[int, Tensor]]:
    """(start, (B, M) cosines of the B pictures from there on with all others)."""
    some, others = normalize(some, dim=1), normalize(others, dim=1)
    with tqdm(total=len(some), desc=name, unit=" pictures") as progress:
        for start in range(0, len(some), _CHUNK):
            cosines = some[start : start + _CHUNK] @ others.T
            yield start, cosines
            progress.update(len(cosines))
