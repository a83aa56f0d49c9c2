"""Pictures whose label the evidence speaks against."""

from collections.abc import Iterator, Sequence

import numpy as np
from cleanlab.filter import find_label_issues
from scipy.special import expit

from data.audit import ANIMAL, DOUBTFUL, LABEL, NO_ANIMAL, Finding
from data.decisions_csv import EXCLUDE
from data.picture import Row
from service.artifact import LABELS, NEITHER
from training.audit.evidence import Evidence

# Standard deviations; docs/audit.md says what they find. Of 4,000 cats and dogs 18 are
# stranger than STRANGE; of 249 pictures of other things none is less strange than USUAL.
STRANGE = 3.5
USUAL = 2.5
SURE = 0.9  # how likely a label must be to be suggested for a picture that has no say itself


def find(rows: Sequence[Row], evidence: Evidence) -> list[Finding]:
    """Wrong labels, cats and dogs that look like neither, and others that look like one.

    A picture is found once: one that shows no animal is not asked which animal it shows.

    Args:
        rows: those without a label are passed over.
    """
    is_pet = np.array([row.label in LABELS for row in rows])
    is_strange = is_pet & (evidence.strangeness > STRANGE)
    is_usual = np.array([row.label == NEITHER for row in rows]) & (evidence.strangeness < USUAL)
    return [
        *_mislabelled(rows, evidence, np.flatnonzero(is_pet & ~is_strange)),
        *(_no_animal(rows[i], evidence, i) for i in np.flatnonzero(is_strange).tolist()),
        *(_animal(rows[i], evidence, i) for i in np.flatnonzero(is_usual).tolist()),
    ]


def likelier(p_dog: float) -> tuple[str, float]:
    """The label that is, and how likely it is."""
    return (LABELS[1], p_dog) if p_dog > 0.5 else (LABELS[0], 1 - p_dog)


def _mislabelled(rows: Sequence[Row], evidence: Evidence, members: np.ndarray) -> Iterator[Finding]:
    """What confident learning takes for wrong (Northcutt et al., 2021, arXiv 1911.00068), and
    what is only answered otherwise."""
    given = np.array([LABELS.index(rows[i].label) for i in members.tolist()])
    p = np.stack([1 - evidence.p_dog[members], evidence.p_dog[members]], axis=1)  # (N, 2)
    is_wrong = find_label_issues(given, p, n_jobs=1)  # one process: this takes no time
    for i, label, is_probably_wrong, (p_cat, p_dog) in zip(
        members.tolist(), given.tolist(), is_wrong, p.tolist(), strict=True
    ):
        other, likelihood = likelier(p_dog)
        score = 1 - (p_cat, p_dog)[label]
        if is_probably_wrong:
            why = f"Looks like a {other} ({_percent(likelihood)})."
            yield _finding(LABEL, rows[i], other, score, why)
        elif LABELS.index(other) != label:
            why = f"Rather a {other} ({_percent(likelihood)})."
            yield _finding(DOUBTFUL, rows[i], "", score, why)


def _no_animal(row: Row, evidence: Evidence, i: int) -> Finding:
    strangeness = float(evidence.strangeness[i])
    why = f"{strangeness:.1f} standard deviations from the usual cat or dog."
    return _finding(NO_ANIMAL, row, EXCLUDE, float(expit(strangeness - STRANGE)), why)


def _animal(row: Row, evidence: Evidence, i: int) -> Finding:
    label, likelihood = likelier(float(evidence.p_dog[i]))
    why = f"Looks like a cat or a dog, and of the two like a {label} ({_percent(likelihood)})."
    score = float(expit(USUAL - evidence.strangeness[i]))
    return _finding(ANIMAL, row, label if likelihood > SURE else EXCLUDE, score, why)


def _finding(kind: str, row: Row, suggestion: str, score: float, why: str) -> Finding:
    return Finding(kind, row.path, row.sha256, row.label, suggestion, float(score), why)


def _percent(p: float) -> str:
    return f"{p:.1%}".replace("%", " %")
