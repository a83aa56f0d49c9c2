"""A job begun earlier, and what counts as the same one."""

import json
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from scoring import job, plan
from scoring.__main__ import main
from scoring.errors import ScoringError
from scoring.job import Job
from scoring.output import SCHEMA, SUMMARY, Output
from scoring.place import Place
from scoring.plan import Header
from scoring.reference import Reference
from service import store
from tests.model_store import using


@pytest.fixture
def promoted_twice(artifact_folder: Path, tmp_path: Path) -> Iterator[tuple[str, str]]:
    """The tags of two models in a store of their own; the second is in service."""
    with using(tmp_path / "models"):
        yield store.add(artifact_folder), store.add(artifact_folder)


def begin(out: Path, source: str, model: str) -> None:
    """What a job of one picture has left when it is killed before its summary."""
    place = Place(str(out))

    def header(pictures: int) -> Header:
        return Header(source=source, column=None, model=model, pictures=pictures, shard=16)

    plan.write(place, [Reference("/a.jpg")], header, lambda _: None)
    row = {"path": "/a.jpg", "problem": "no-picture", "error": "It is gone.", "model": model}
    Output(place).write(0, pa.Table.from_pylist([row], schema=SCHEMA))


@pytest.mark.parametrize("options", [(), ("--model", "catdog:latest"), ("--model", "catdog")])
def test_the_model_in_service_is_the_one_that_was_when_the_job_began(
    options: tuple[str, ...], promoted_twice: tuple[str, str], tmp_path: Path
) -> None:
    before, _ = promoted_twice
    begin(tmp_path / "out", "/in", before)
    assert main(["/in", str(tmp_path / "out"), *options]) == 0
    assert json.loads((tmp_path / "out" / SUMMARY).read_text())["model"] == before


def test_what_the_environment_names_by_now_is_no_other_job(
    promoted_twice: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, after = promoted_twice
    begin(tmp_path / "out", "/in", before)
    monkeypatch.setenv("CATDOG_MODEL", after)
    assert main(["/in", str(tmp_path / "out")]) == 0
    assert json.loads((tmp_path / "out" / SUMMARY).read_text())["model"] == before


def test_another_model_by_its_tag_is_another_job(
    promoted_twice: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before, after = promoted_twice
    begin(tmp_path / "out", "/in", before)
    assert main(["/in", str(tmp_path / "out"), "--model", after]) == 1
    said = capsys.readouterr().err
    assert f"was begun with --model {before}, and now it is {after}. Give the same" in said


@pytest.mark.parametrize(
    ("before", "now"), [("s3://b/x", "s3://b/x/"), ("s3://b/x/", "s3://b/x"), ("/in", "/in/")]
)
def test_a_slash_at_the_end_makes_no_other_job(
    before: str, now: str, promoted_twice: tuple[str, str], tmp_path: Path
) -> None:
    begin(tmp_path / "out", before, promoted_twice[0])
    assert main([now, str(tmp_path / "out")]) == 0


def test_an_out_that_may_not_be_listed_is_said(locked: Path) -> None:
    locked.chmod(0o311)
    wanted = Job(str(locked.parent / "in"), str(locked))
    with pytest.raises(ScoringError, match=r"locked cannot be read: Permission denied\."):
        job._listed(wanted, Place(wanted.out), "catdog:any")


def test_rows_that_are_missing_are_told(promoted_twice: tuple[str, str], tmp_path: Path) -> None:
    """Of two pictures, the only part has one."""
    tag, _ = promoted_twice
    out, source = tmp_path / "out", str(tmp_path / "in")
    place = Place(str(out))

    def header(pictures: int) -> Header:
        return Header(source=source, column=None, model=tag, pictures=pictures, shard=16)

    plan.write(place, [Reference("/a.jpg"), Reference("/b.jpg")], header, print)
    row = {"path": "/a.jpg", "problem": "no-picture", "error": "It is gone.", "model": tag}
    Output(place).write(0, pa.Table.from_pylist([row], schema=SCHEMA))
    with pytest.raises(ScoringError, match=r"1 pictures are in .*, 2 are on its list"):
        job.run(Job(source, str(out)))
