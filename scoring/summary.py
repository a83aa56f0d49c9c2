"""What a job came to."""

from dataclasses import dataclass
from typing import Any

from scoring.output import Tally
from service.artifact import ALL_LABELS


def n_errors(tally: Tally) -> int:
    """Pictures without an answer."""
    return tally.total() - sum(tally[label] for label in ALL_LABELS)


@dataclass(frozen=True)
class Summary:
    """Of the whole output.

    tally: of all parts.
    scored: pictures of this run; the others were there.
    seconds: of this run's scoring, without listing and start.
    """

    output: str
    model: str
    tally: Tally
    scored: int
    seconds: float

    @property
    def pictures_per_s(self) -> float:
        """Of this run."""
        return self.scored / self.seconds if self.scored else 0.0

    def figures(self) -> dict[str, Any]:
        """For machines."""
        return {
            "output": self.output,
            "model": self.model,
            "pictures": self.tally.total(),
            "labels": {label: self.tally[label] for label in ALL_LABELS},
            "errors": {
                problem: count
                for problem, count in self.tally.most_common()
                if problem not in ALL_LABELS
            },
            "scored": self.scored,
            "seconds": round(self.seconds, 3),
            "pictures_per_s": round(self.pictures_per_s, 2),
        }

    def text(self) -> str:
        """For people."""
        n, errors = self.tally.total(), n_errors(self.tally)
        labels = ", ".join(f"{self.tally[label]:,} {label}" for label in ALL_LABELS)
        lines = [f"{n:,} pictures: {labels}; {errors:,} without an answer."]
        lines += [f"  {count:>9,} {problem}" for problem, count in self.figures()["errors"].items()]
        if self.scored < n:
            lines.append(f"{n - self.scored:,} of them were there from an earlier run.")
        if self.scored:
            speed = f"{self.pictures_per_s:,.1f} a second"
            lines.append(f"Scored {self.scored:,} in {self.seconds:,.1f} s: {speed}.")
        return "\n".join([*lines, f"{self.model} -> {self.output}"])
