"""audit.html: the findings with thumbnails, as one page that needs nothing else."""

import os
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import numpy as np
from tqdm import tqdm

from data import shards
from data.audit import (
    ANIMAL,
    CONFLICT,
    DOUBTFUL,
    DUPLICATE,
    LABEL,
    NEAR,
    NO_ANIMAL,
    TINY,
    TINY_PIXELS,
    UNREADABLE,
    Finding,
)
from data.decisions_csv import EXCLUDE
from service import images
from training.pages import environment
from training.report.thumbnails import data_uri

SHOWN = 100  # of each kind; all are in the CSV
THUMBNAIL = 200  # pixels, longer side
_TEMPLATE = "audit.html.j2"

TITLES = {
    LABEL: "probable label errors",
    NO_ANIMAL: "no cat or dog to be seen",
    ANIMAL: "others that look like a cat or a dog",
    CONFLICT: "one picture, two labels",
    NEAR: "near duplicates",
    DOUBTFUL: "doubtful labels",
    TINY: "tiny pictures",
    DUPLICATE: "exact duplicates",
    UNREADABLE: "unreadable files",
}
EXPLANATIONS = {
    LABEL: "Confident learning takes these labels for wrong: heads that were not solved on a "
    "picture answer otherwise, and are as sure as they usually are of their answer.",
    NO_ANIMAL: "Labelled as a cat or a dog, but unlike the others: logos, drawings, people, "
    "things, and animals that can hardly be seen.",
    ANIMAL: "Labelled as neither, but much like the cats and dogs.",
    CONFLICT: "The same picture, or nearly the same, under different labels.",
    NEAR: "Copies, crops and mirror images, and frames of one burst. All but one of each group "
    "are listed; the one to keep is on the right.",
    DOUBTFUL: "The answer differs from the label, and confident learning lets it pass. On clean "
    "data most of these labels are right, and the pictures merely hard.",
    TINY: f"Under {TINY_PIXELS} pixels on the short side.",
    DUPLICATE: "They are left out without anybody's decision.",
    UNREADABLE: "They are left out without anybody's decision. Mend or delete them.",
}


class Card(NamedTuple):
    """A finding with its pictures: pairs of a name and a data URI, empty if there is none."""

    finding: Finding
    pictures: list[tuple[str, str]]
    suggestion: str


class Section(NamedTuple):
    """The findings of one kind."""

    kind: str
    title: str
    explanation: str
    total: int
    cards: list[Card]


def render(source: str, pictures: int, findings: Sequence[Finding]) -> str:
    """The page, UTF-8.

    Args:
        source: the data set's name.
        pictures: how many were audited.
        findings: kind by kind, in the order in which they are to be shown.
    """
    template = environment(Path(__file__).parent).get_template(_TEMPLATE)
    html = template.render(
        source=source,
        pictures=pictures,
        total=len(findings),
        sections=list(_sections(findings)),
    )
    return html.encode(errors="surrogateescape").decode(errors="replace")  # names needn't be UTF-8


def _sections(findings: Sequence[Finding]) -> Iterator[Section]:
    common = _common_folder(findings)
    kinds = {kind: list(members) for kind, members in groupby(findings, key=lambda f: f.kind)}
    total = sum(min(len(members), SHOWN) for members in kinds.values())
    with tqdm(total=total, desc="Thumbnails", unit=" findings") as progress:
        for kind, members in kinds.items():
            cards = []
            for finding in members[:SHOWN]:
                paths = [finding.path, *([finding.other] if finding.other else [])]
                shown = [(str(p.relative_to(common)), _thumbnail(p)) for p in paths]
                cards.append(Card(finding, shown, _words(finding.suggestion)))
                progress.update()
            yield Section(kind, TITLES[kind], EXPLANATIONS[kind], len(members), cards)


def _words(suggestion: str) -> str:
    if suggestion in ("", EXCLUDE):
        return suggestion
    return f"relabel to {suggestion}"


def _common_folder(findings: Sequence[Finding]) -> Path:
    folders = {p.parent.parent for f in findings for p in (f.path, f.other) if p}
    return Path(os.path.commonpath(folders)) if folders else Path()


def _thumbnail(path: Path) -> str:
    """A data URI of the whole picture, upright; empty where there is none to be had."""
    try:
        image = images.decode(shards.read(path))
    except (images.ImageError, OSError):
        return ""
    image.thumbnail((THUMBNAIL, THUMBNAIL))
    return data_uri(np.asarray(image))
