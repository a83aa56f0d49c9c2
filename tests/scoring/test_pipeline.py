"""The two stages, apart from Ray: every shard goes through, and no fault of ours is a picture's."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pytest
import ray

from scoring import decoding, pipeline, plan
from scoring.output import Output, Tally
from scoring.pipeline import Stages
from scoring.place import Place
from scoring.plan import Header, Plan
from scoring.reference import Reference
from service import problems
from service.decoder import Decoder
from service.problems import Problem
from service.settings import Settings


@pytest.fixture
def listed(tmp_path: Path) -> Plan:
    """One picture."""

    def header(pictures: int) -> Header:
        return Header(source="/in", column=None, model="catdog:x", pictures=pictures, shard=16)

    picture = tmp_path / "a.jpg"
    picture.write_bytes(b"a")
    return plan.write(Place(str(tmp_path / "out")), [Reference(str(picture))], header, print)


def test_where_nothing_can_be_decoded_no_picture_is_called_bad(
    listed: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would stay so for ever: what is in the output is not scored again."""

    def refuse(*_: object) -> None:
        raise Problem(problems.OVERLOADED, "No picture can be decoded now.")

    monkeypatch.setattr(Decoder, "decode", refuse)
    with pytest.raises(RuntimeError, match="No picture can be decoded now"):
        decoding.decode(pa.table({"shard": [0]}), plan=listed, settings=Settings())
    decoding._decoder.cache_clear()  # its process is not for the tests that come after


def test_every_shard_is_in_one_wave(
    listed: Plan, artifact_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waves: list[list[int]] = []

    def wave(shards: Sequence[int], *_: object) -> Iterator[Tally]:
        waves.append(list(shards))
        yield Counter(cat=len(shards))

    monkeypatch.setattr(ray, "put", lambda files: files)
    monkeypatch.setattr(pipeline, "_wave", wave)
    monkeypatch.setattr(pipeline, "WAVE_SHARDS", 2)
    output, stages = Output(Place(str(tmp_path / "out"))), Stages(1, 1, 1, 0)
    tallies = pipeline.run(listed, range(5), output, artifact_folder, Settings(), stages)
    assert sum(tallies, Tally()) == {"cat": 5}
    assert waves == [[0, 1], [2, 3], [4]]
