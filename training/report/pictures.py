"""The photographs that the page shows: mistakes with their maps, and one of each corruption."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from data.manifest import read_bytes
from data.picture import Row
from service.artifact import LABELS
from service.images import network_input
from training.corruption import CORRUPTIONS, STRENGTHS
from training.report.examination import Examined
from training.report.mistakes import Answered
from training.report.thumbnails import data_uri, overlay

EXAMPLE_SIDE = 128  # pixels; five stand side by side


class Pictured(NamedTuple):
    """A picture as the network saw it, and what spoke for which animal; both data URIs."""

    answered: Answered
    picture: str
    explained: str


def pictured(examined: Examined, answered: Sequence[Answered]) -> list[Pictured]:
    """Read these pictures once more, and lay their activation maps over them."""
    found = []
    for a in answered:
        pixels = network_input(read_bytes(examined.judged.rows[a.index]))
        explained = overlay(pixels, examined.maps[a.index])
        found.append(Pictured(a, data_uri(pixels), data_uri(explained)))
    return found


def examples(examined: Examined) -> dict[str, list[str]]:
    """One picture under each corruption: kind -> its five strengths, as data URIs."""
    row = example(examined)
    pixels = network_input(read_bytes(row))
    return {
        corruption.name: [
            data_uri(corruption(pixels, strength, row.sha256), EXAMPLE_SIDE)
            for strength in range(1, STRENGTHS + 1)
        ]
        for corruption in CORRUPTIONS
    }


def example(examined: Examined) -> Row:
    """The cat or dog of about median brightness and sharpness."""
    rows = examined.judged.rows
    pets = np.array([i for i, row in enumerate(rows) if row.label in LABELS])
    ranks = [
        values[pets].argsort().argsort() for values in (examined.brightness, examined.sharpness)
    ]
    distance = np.abs(np.stack(ranks) - (len(pets) - 1) / 2).max(0)
    return rows[int(pets[distance.argmin()])]
