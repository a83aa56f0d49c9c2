"""audit.csv: a line a finding, to be edited in a spreadsheet and passed back.

docs/audit.md describes the columns; `data.decisions_csv` reads them.
"""

import csv
from collections.abc import Iterable
from pathlib import Path

from data.audit import Finding
from data.decisions_csv import guarded

COLUMNS = (
    *("kind", "label", "suggestion", "decision"),
    *("score", "why", "path", "other", "sha256"),
)


def write(path: Path, findings: Iterable[Finding]) -> None:
    """Write findings with an empty column `decision`.

    With a byte order mark, or spreadsheets garble names that are not ASCII; and nothing
    in it is a formula, whatever the files are called.

    Raises:
        OSError: the file cannot be written.
    """
    with path.open("w", newline="", encoding="utf-8-sig", errors="surrogateescape") as file:
        table = csv.writer(file)
        table.writerow(COLUMNS)
        for f in findings:
            cells = (f.kind, f.label, f.suggestion, "", f"{f.score:.4f}", f.why, f.path)
            table.writerow([guarded(str(cell)) for cell in (*cells, f.other or "", f.sha256)])
