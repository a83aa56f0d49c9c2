"""A model on other pictures than its run's: their report.json."""

from typing import Literal

from training.report.judgement import Judgement


class Evaluated(Judgement):
    """What `make evaluate` found.

    model: its tag, or its folder.
    source: the pictures, as the user named them.
    seen, near: pictures left out since the model was trained on them, or on near duplicates.
    excluded: files left out since they are unreadable, duplicates or contradictory.
    created: UTC, for people.
    """

    format: Literal[1] = 1
    model: str
    source: str
    seen: int
    near: int
    excluded: int
    created: str
