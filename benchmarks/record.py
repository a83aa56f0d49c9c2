"""The file that a benchmark leaves: whole or absent, whatever ends the run."""

import json
from pathlib import Path

from service.whole import replacing


def write(path: Path, figures: object) -> None:
    """Write figures as JSON, in one step."""
    keep_partial(path, figures)
    finish(path)


def keep_partial(path: Path, figures: object) -> None:
    """Write what is known so far beside `path`, for who wonders, or interrupts."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(partial(path)) as written:
        written.write_text(json.dumps(figures, indent=2) + "\n")


def finish(path: Path) -> None:
    """What was kept last is whole."""
    partial(path).replace(path)


def partial(path: Path) -> Path:
    """Where figures lie until the run is over."""
    return path.with_name(f"{path.name}.partial")
