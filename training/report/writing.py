"""The two files that a report is."""

from collections.abc import Mapping
from pathlib import Path

from training.errors import TrainingError
from training.report import findings, page
from training.run import Run


def write(run: Run) -> Path:
    """Judge a released run's model once more, in every way, and write report.html and report.json.

    Works whether the model was promoted or refused. Takes about a minute: the test part once,
    and 200 pictures of it under 25 corruptions. Nothing is replaced before all is written: an
    older report stays if anything goes wrong.

    Returns:
        The page's path.
    Raises:
        TrainingError: a file of the run is not what this version writes, or the disk is full.
        ArtifactError: the run's artifact is missing or damaged.
        DataError: a test picture is gone or has changed.
    """
    found, examined = findings.gather(run)
    html = page.render(found, examined)
    figures = run.report.with_suffix(".json")
    _replace({figures: found.model_dump_json(indent=2) + "\n", run.report: html})
    return run.report


def _replace(texts: Mapping[Path, str]) -> None:
    """Write all beside the files they replace, and rename when all are whole."""
    partials = {path: path.with_name(f".{path.name}") for path in texts}
    try:
        for path, text in texts.items():
            partials[path].write_text(text, encoding="utf-8")
        for path, partial in partials.items():
            partial.replace(path)
    except OSError as exc:
        for partial in partials.values():
            partial.unlink(missing_ok=True)
        path = next(iter(texts))
        raise TrainingError(
            f"The report cannot be written to {path.parent} ({exc.strerror}). Free some space and "
            f"run `python -m training release {path.parent.name}` again."
        ) from exc
