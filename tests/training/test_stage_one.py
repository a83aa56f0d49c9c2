"""Which pictures the head is solved on where there are more than are held in memory."""

import hashlib
from pathlib import Path

from data.picture import TRAIN, Row
from training.stage_one import steadily


def rows(count: int) -> tuple[Row, ...]:
    """In the order of paths, three cats to two dogs; the first are those of a smaller count."""
    digests = (hashlib.sha256(str(i).encode()).hexdigest() for i in range(count))
    labels = ("cat" if i % 5 < 3 else "dog" for i in range(count))
    pictures = [
        Row(Path(f"/{label}/{sha256}.png"), label, TRAIN, sha256, "", 8, 8)
        for label, sha256 in zip(labels, digests, strict=True)
    ]
    return tuple(sorted(pictures, key=lambda row: row.path))


def test_as_many_as_there_may_be_are_all_taken() -> None:
    assert steadily(rows(100), 100) == rows(100)
    assert len(steadily(rows(101), 100)) == 100
    assert steadily((), 100) == ()


def test_of_a_set_that_grows_none_leaves_but_for_a_newcomer() -> None:
    before, after = set(steadily(rows(10_000), 1000)), set(steadily(rows(10_100), 1000))
    newcomers = after - set(rows(10_000))
    assert 0 < len(newcomers) == len(after - before) == len(before - after) < 30


def test_they_keep_their_order_and_their_labels_share() -> None:
    every = rows(10_000)
    kept = steadily(every, 2000)
    assert list(kept) == [row for row in every if row in set(kept)]
    dogs = sum(row.label == "dog" for row in kept)
    assert abs(dogs / 2000 - 0.4) < 3 * (0.4 * 0.6 / 2000) ** 0.5
