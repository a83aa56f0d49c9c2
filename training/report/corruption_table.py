"""The table of corruptions: of each kind, an example and the accuracy at each strength."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from training.report.robustness import Cell, Robustness

ABOUT = {
    "blur": "Gaussian, on the 224 pixels that the network sees",
    "noise": "Gaussian; its deviation as a share of the way from black to white",
    "JPEG": "compressed and back",
    "darkness": "exposure lowered, one to five stops",
    "rotation": "to either side, corners filled with the mirror image",
}


class Kind(NamedTuple):
    """One kind: its cells, each with an example as a data URI, and their mean, 0 to 1."""

    name: str
    about: str
    cells: list[tuple[Cell, str]]
    mean: float


def rows(robustness: Robustness, examples: Mapping[str, Sequence[str]]) -> list[Kind]:
    """The kinds in the order of their examples.

    Args:
        examples: kind -> a picture at each strength, weakest first.
    """
    found = []
    for name, pictures in examples.items():
        cells = [cell for cell in robustness.cells if cell.kind == name]
        mean = sum(cell.accuracy.value for cell in cells) / len(cells)
        found.append(Kind(name, ABOUT[name], list(zip(cells, pictures, strict=True)), mean))
    return found
