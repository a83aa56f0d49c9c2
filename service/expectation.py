"""What a model's own test pictures lead one to expect of its answers; drift moves away from it."""

from dataclasses import dataclass

from service.artifact import ALL_LABELS, LABELS, Metrics


@dataclass(frozen=True)
class Expectation:
    """Fractions.

    confidence: of the cats and dogs answered `cat` or `dog`, those that were right. As far as
        confidence is calibrated, that is its mean, too.
    shares: label -> share of all answers. It is that of the test pictures, and of traffic only
        where traffic has as many of each kind.
    """

    confidence: float
    shares: dict[str, float]


def of(test: Metrics | None) -> Expectation | None:
    """Read it from the card's confusion; None where no cat or dog was answered as one."""
    if test is None:
        return None
    confusion = test.confusion
    chosen = sum(confusion[true][label] for true in LABELS for label in LABELS)
    if chosen == 0:
        return None
    right = sum(confusion[label][label] for label in LABELS)
    total = sum(sum(answers.values()) for answers in confusion.values())
    return Expectation(
        confidence=right / chosen,
        shares={
            label: sum(answers[label] for answers in confusion.values()) / total
            for label in ALL_LABELS
        },
    )
