"""How training went: what Lightning's CSV logger wrote, and the stages it chose from."""

import csv
from collections.abc import Iterator
from pathlib import Path

from service.artifact import Recipe, StrictModel
from training.errors import TrainingError

METRICS = "metrics.csv"


class Point(StrictModel):
    """A value after so many steps of the optimizer."""

    step: int
    value: float


class Candidate(StrictModel):
    """A network that could have been exported.

    log_loss: on the validation part, at its best temperature, nats.
    accuracy: likewise, 0 to 1; None where the card does not say.
    """

    name: str
    log_loss: float
    accuracy: float | None
    is_exported: bool


class Learning(StrictModel):
    """Stage two step by step, and the candidates side by side.

    train_loss: with the recipe's smoothing and augmentation, nats a picture.
    val_log_loss: after each epoch, not scaled by any temperature.
    val_accuracy: after each epoch.
    stage_one_log_loss: where stage two began, not scaled either; None where it was not logged.
    """

    train_loss: list[Point]
    val_log_loss: list[Point]
    val_accuracy: list[Point]
    stage_one_log_loss: float | None
    candidates: list[Candidate]


def read(folder: Path, recipe: Recipe) -> Learning:
    """Read a run's metrics.csv; without the file the curves are empty.

    Raises:
        TrainingError: a line of it is not what CSVLogger writes.
    """
    path = folder / METRICS
    try:
        text = path.read_text() if path.is_file() else ""
        rows = list(csv.DictReader(text.splitlines(), strict=True))
        return Learning(
            train_loss=list(_points(rows, "train/loss_step")),
            val_log_loss=list(_points(rows, "val/log_loss")),
            val_accuracy=list(_points(rows, "val/accuracy")),
            stage_one_log_loss=next((p.value for p in _points(rows, "stage_one/log_loss")), None),
            candidates=_candidates(recipe),
        )
    except (OSError, ValueError, KeyError, csv.Error) as exc:
        raise TrainingError(
            f"{path} is not what training logged ({exc!r}). Restore it, or remove it: the report "
            "is then written without learning curves."
        ) from exc


def _points(rows: list[dict[str, str]], column: str) -> Iterator[Point]:
    """The rows that have a value in this column; the last of those of one step."""
    found = {int(row["step"]): float(row[column]) for row in rows if row.get(column)}
    # CSVLogger counts the steps before this one; a curve's reader counts those that are done.
    return (Point(step=step + 1, value=value) for step, value in sorted(found.items()))


def _candidates(recipe: Recipe) -> list[Candidate]:
    return [
        Candidate(
            name=name,
            log_loss=loss,
            accuracy=recipe.accuracies.get(name),
            is_exported=name == recipe.stage,
        )
        for name, loss in recipe.log_losses.items()
    ]
