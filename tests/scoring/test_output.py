"""What a job leaves beside its answers."""

from pathlib import Path

import pytest

from scoring.errors import ScoringError
from scoring.output import SUMMARY, Output
from scoring.place import Place


def test_a_summary_that_cannot_be_written_costs_no_answer(tmp_path: Path) -> None:
    (tmp_path / SUMMARY).mkdir()
    with pytest.raises(ScoringError, match=r"cannot be written: .*\. All answers are there\."):
        Output(Place(str(tmp_path))).write_summary({"pictures": 1})
