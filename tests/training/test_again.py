"""The report's commands make the run again."""

import shlex
from collections.abc import Callable
from dataclasses import replace

from data.manifest import Manifest
from data.picture import TRAIN, VAL
from service import artifact
from tests.training.conftest import Finished, Home
from training.report import again


def test_the_command_trains_on_the_same_parts(
    released: Finished, clone_of: Callable[[Finished], Finished], home: Home
) -> None:
    """Two pictures are in each other's part, as they can be where a folder has grown since."""
    run = clone_of(released).run
    rows = list(Manifest.load(run.manifest).rows)
    at = {row.split: i for i, row in enumerate(rows) if row.label == "cat"}
    rows[at[TRAIN]], rows[at[VAL]] = (
        replace(rows[at[old]], split=new) for old, new in ((TRAIN, VAL), (VAL, TRAIN))
    )
    manifest = Manifest(tuple(rows))
    manifest.save(run.manifest)
    commands = again.gather(run, artifact.read_card(run.artifact), manifest).commands
    python, option, *words = shlex.split(commands[-2])
    assert (python, option, words[:2]) == ("python", "-m", ["training", "fit"])
    home.succeed(*words)
    (made,) = home.runs
    assert made.state["state"] == "trained"
    assert Manifest.load(made.manifest).rows == manifest.rows
