"""The stage that scores: each picture gets its own answer, and each shard is scored once."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import ray

from scoring.block import Block
from scoring.output import Output
from scoring.place import Place
from scoring.scorer import CORE_BATCH, Scorer, files_of
from service.settings import Settings
from tests import known_network
from tests.scoring.conftest import parts, rows

Colours = Callable[[int], tuple[int, int, int]]


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


@pytest.fixture
def scorer(artifact_folder: Path, out: Path, monkeypatch: pytest.MonkeyPatch) -> Scorer:
    """In this process, where no store of Ray's is to be asked for the model."""
    monkeypatch.setattr(ray, "get", lambda files: files)
    return Scorer(
        files_of(artifact_folder),
        tag="catdog:x",
        settings=Settings(device="cpu"),
        output=Output(Place(str(out))),
        threads=1,
    )


def is_bad(i: int) -> bool:
    return i % 7 == 3


def block(colours: Colours, n: int) -> Block:
    """Pictures of one colour each, some of which could not be read."""
    pixels = np.zeros((n, 224, 224, 3), np.uint8)
    pixels[:] = np.array([colours(i) for i in range(n)], np.uint8)[:, None, None]
    return Block(
        shard=0,
        paths=[str(i) for i in range(n)],
        digests=[None] * n,
        problems=["damaged-picture" if is_bad(i) else None for i in range(n)],
        errors=["Broken." if is_bad(i) else None for i in range(n)],
        pixels=pixels,
    )


def test_every_picture_of_a_shard_of_several_batches_gets_its_own_answer(
    scorer: Scorer, colours: Colours, out: Path
) -> None:
    n = 4 * CORE_BATCH + 5
    scorer(block(colours, n).table())
    found = rows(out)
    assert [row["path"] for row in found] == [str(i) for i in range(n)]
    for i, row in enumerate(found):
        assert (row["problem"] == "damaged-picture") == is_bad(i)
        assert is_bad(i) or known_network.is_answer_to(colours(i), row)


def test_a_shard_that_is_there_is_neither_scored_nor_written_again(
    scorer: Scorer, colours: Colours, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = scorer(block(colours, 5).table())
    (part,) = parts(out)
    written_ns = part.stat().st_mtime_ns
    monkeypatch.delattr(scorer, "_engine")
    assert scorer(block(colours, 5).table()) == told
    assert part.stat().st_mtime_ns == written_ns
