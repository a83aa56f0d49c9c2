"""Near duplicates and contradictions among them, as findings."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby

import numpy as np

from data.audit import CONFLICT, NEAR, Finding
from data.decisions_csv import EXCLUDE
from data.picture import SPLITS, Row
from service.artifact import LABELS
from training.audit.evidence import Evidence
from training.audit.suspects import STRANGE, SURE, likelier


def near_duplicates(rows: Sequence[Row], evidence: Evidence) -> Iterator[Finding]:
    """One finding for every picture of a group but the one that is worth keeping.

    That is one of the test part before one of val before one of train, and among these the largest.

    Args:
        rows: those without a split are passed over.
    """
    in_order = sorted(range(len(rows)), key=lambda i: (evidence.groups[i], rows[i].path))
    for _, group in groupby(in_order, key=lambda i: evidence.groups[i]):
        members = sorted((i for i in group if rows[i].split), key=lambda i: _worth(rows[i]))
        for i in members[:-1]:
            yield _near(i, members[-1], rows, evidence)


def advise(conflict: Finding, p_dog: float, strangeness: float) -> Finding:
    """Suggest the label that a picture with several looks like, if it does."""
    label, likelihood = likelier(p_dog)
    if strangeness > STRANGE or likelihood < SURE:
        return conflict
    return replace(
        conflict,
        suggestion=label,
        why=f"{conflict.why} It looks like a {label} ({likelihood:.0%}).",
    )


def _worth(row: Row) -> tuple[int, int, str]:
    return SPLITS.index(row.split), row.width * row.height, str(row.path)


def _near(one: int, kept: int, rows: Sequence[Row], evidence: Evidence) -> Finding:
    if rows[one].label != rows[kept].label:
        return _contradiction(one, kept, rows, evidence)
    a, b = rows[one], rows[kept]
    if a.split == b.split:
        where = f"Both are in {a.split}, where they count twice."
    else:
        where = f"This one is in {a.split}, the other in {b.split}, which should be new to it."
    cosine = float(evidence.features[one] @ evidence.features[kept])
    why = f"Nearly the same picture (cosine of features {cosine:.3f}). {where}"
    return Finding(NEAR, a.path, a.sha256, a.label, EXCLUDE, min(cosine, 1.0), why, b.path)


def _contradiction(one: int, other: int, rows: Sequence[Row], evidence: Evidence) -> Finding:
    """Of two labels of nearly the same picture, the one that the evidence speaks against."""
    if _likelihood(rows[one], evidence.p_dog[one]) > _likelihood(
        rows[other], evidence.p_dog[other]
    ):
        one, other = other, one
    a, b = rows[one], rows[other]
    why = f"Nearly the same picture is labelled {b.label} there; {a.label} is less likely."
    return Finding(CONFLICT, a.path, a.sha256, a.label, b.label, 1.0, why, b.path)


def _likelihood(row: Row, p_dog: np.floating) -> float:
    """Of the label given; that a picture shows neither is not weighed here."""
    return {LABELS[0]: 1 - float(p_dog), LABELS[1]: float(p_dog)}.get(row.label, 0.5)
