"""What a job leaves beside its answers."""

from pathlib import Path

import pyarrow as pa
import pytest

from scoring.errors import ScoringError
from scoring.output import SCHEMA, SUMMARY, Output
from scoring.place import Place


def test_a_summary_that_cannot_be_written_costs_no_answer(tmp_path: Path) -> None:
    (tmp_path / SUMMARY).mkdir()
    with pytest.raises(ScoringError, match=r"cannot be written: .*\. All answers are there\."):
        Output(Place(str(tmp_path))).write_summary({"pictures": 1})


def test_a_part_that_is_empty_is_not_there_yet(tmp_path: Path) -> None:
    """As a store leaves it that was announced an object and got no bytes of it."""
    output = Output(Place(str(tmp_path)))
    rows = pa.Table.from_pylist([{"path": "a.jpg", "label": "cat", "model": "catdog:x"}], SCHEMA)
    output.write(3, rows)
    (tmp_path / "part-00000007.parquet").touch()
    assert output.finished() == [3]
    assert output.tally(3) == {"cat": 1}
    with pytest.raises(FileNotFoundError):
        output.tally(7)
