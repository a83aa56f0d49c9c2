"""metrics.csv of a run that was interrupted and goes on."""

import csv
from pathlib import Path

from pytorch_lightning.loggers import CSVLogger


def keep(logger: CSVLogger, steps: int) -> None:
    """Go on with the metrics.csv of an interrupted run, which CSVLogger deletes as it opens it.

    Args:
        steps: as many are in the checkpoint; lines of later ones will be written again.
    """
    path = Path(logger.log_dir) / "metrics.csv"
    rows = list(csv.DictReader(path.read_text().splitlines())) if path.is_file() else []
    writer = logger.experiment
    if rows:
        writer.metrics = [row for row in rows if int(row["step"]) < steps]
        writer.save()
