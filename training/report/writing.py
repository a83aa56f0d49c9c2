"""The two files that a report is."""

from collections.abc import Mapping
from pathlib import Path

from training.errors import TrainingError
from training.report import findings, page
from training.report.evaluated import Evaluated
from training.report.examination import Examined
from training.report.judgement import Judgement
from training.run import REPORT, Run


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
    again = f"`python -m training release {run.folder.name}`"
    return _write(run.folder, found, page.of_run(found, examined), again)


def write_evaluated(folder: Path, found: Evaluated, examined: Examined) -> Path:
    """Write report.html and report.json of other pictures than a run's into a folder.

    Returns:
        The page's path.
    Raises:
        TrainingError: they cannot be written.
        DataError: a picture is gone or has changed.
    """
    return _write(folder, found, page.of_others(found, examined), "the same command")


def _write(folder: Path, found: Judgement, html: str, again: str) -> Path:
    report = folder / REPORT
    figures = report.with_suffix(".json")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _replace({figures: found.model_dump_json(indent=2) + "\n", report: html})
    except OSError as exc:
        raise TrainingError(
            f"The report cannot be written to {folder} ({exc.strerror}). Free some space, see "
            f"that the folder is writable, and run {again} again."
        ) from exc
    return report


def _replace(texts: Mapping[Path, str]) -> None:
    """Write all beside the files they replace, and rename when all are whole."""
    partials = {path: path.with_name(f".{path.name}") for path in texts}
    try:
        for path, text in texts.items():
            partials[path].write_text(text, encoding="utf-8")
        for path, partial in partials.items():
            partial.replace(path)
    except OSError:
        for partial in partials.values():
            partial.unlink(missing_ok=True)
        raise
