"""Which interrupted run `training fit` goes on with."""

from collections.abc import Iterable
from pathlib import Path

from data.errors import DataError
from data.manifest import Manifest
from training import run as runs
from training.run import Run


def described(settings: str, decisions: Iterable[Path | None]) -> str:
    """What tells runs apart: with other settings or other decisions it is another run.

    Args:
        settings: YAML.
        decisions: files that say which pictures to leave out or to relabel; None for none.
    """
    files = [Path(path) for path in decisions if path]
    return settings + "".join(f.read_text(errors="replace") for f in files if f.is_file())


def resumable(description: str) -> Run | None:
    """The newest run of this description that did not get to its end, if its pictures are there."""
    run = runs.unreleased(description)
    return run if run and _has_its_pictures(run) else None


def _has_its_pictures(run: Run) -> bool:
    try:
        if run.manifest.is_file():
            Manifest.load(run.manifest).check()
    except DataError as exc:
        print(f"{run.folder} cannot go on, a new run begins: {exc}", flush=True)
        return False
    return True
