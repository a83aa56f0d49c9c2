"""The work list: what it says is what was listed, whatever was in the names."""

import os
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

import pytest

from scoring import plan
from scoring.errors import ScoringError
from scoring.place import Place
from scoring.plan import SHARDS, Header
from scoring.reference import Reference


def header(shard: int) -> Header:
    return Header(source="s", column=None, model="m", pictures=0, shard=shard)


def write(out: Path, references: Iterable[Reference], shard: int = 16) -> plan.Plan:
    told: list[int] = []

    def finished(n: int) -> Header:
        assert sum(told) == n
        return header(shard).model_copy(update={"pictures": n})

    return plan.write(Place(str(out)), references, finished, told.append)


@pytest.mark.parametrize("shard", SHARDS)
def test_shards_hold_every_picture_once_and_in_order(tmp_path: Path, shard: int) -> None:
    """More than a file of the list has, and a shard that is not full."""
    listed = [Reference(f"/{i}.jpg") for i in range(16 * 1024 + 777)]
    written = write(tmp_path, listed, shard)
    assert written == plan.found(Place(str(tmp_path)))
    shards = [written.references(i) for i in range(written.n_shards)]
    assert list(chain.from_iterable(shards)) == listed
    assert {len(found) for found in shards[:-1]} == {shard}


def test_references_come_back_as_they_were(tmp_path: Path) -> None:
    listed = [
        Reference("/a.tar", member="b.jpg", offset=512, size=3),
        Reference("/a.parquet", row=7),
        Reference(os.fsdecode(b"/k\xe4tzchen.jpg")),
        Reference("/t.tar", member=os.fsdecode(b"k\xe4tzchen.jpg"), offset=0, size=1),
        Reference("/b.tar", trouble="It is damaged."),
    ]
    assert write(tmp_path, listed).references(0) == listed


def test_there_is_a_list_only_once_it_is_whole(tmp_path: Path) -> None:
    def interrupted() -> Iterator[Reference]:
        yield from (Reference(f"/{i}.jpg") for i in range(20_000))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write(tmp_path, interrupted())
    assert plan.found(Place(str(tmp_path))) is None
    assert write(tmp_path, [Reference("/a.jpg")]).references(0) == [Reference("/a.jpg")]


def test_nothing_to_score_is_said(tmp_path: Path) -> None:
    with pytest.raises(ScoringError, match="There is no picture in s; hidden"):
        write(tmp_path, [])


def test_a_list_of_another_version_is_refused(tmp_path: Path) -> None:
    (tmp_path / plan.FOLDER).mkdir()
    (tmp_path / plan.FOLDER / plan.HEADER).write_text('{"format": 2}')
    with pytest.raises(ScoringError, match=r"is damaged, or of another version. Give another OUT"):
        plan.found(Place(str(tmp_path)))


@pytest.mark.parametrize(("pictures", "shard"), [(1, 16), (700, 16), (4000, 64), (10**6, 256)])
def test_few_pictures_have_small_shards(pictures: int, shard: int) -> None:
    assert plan.usual_shard(pictures) == shard
