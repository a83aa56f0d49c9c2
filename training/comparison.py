"""Champion and challenger on the same pictures: what was measured, and what was decided."""

from dataclasses import dataclass

import numpy as np
from pydantic import ValidationError

from service.artifact import Interval, StrictModel
from service.whole import replacing
from training import pairs
from training.errors import TrainingError
from training.judging import share
from training.run import Run
from training.timing import Speeds

COMPARISON = "comparison.json"


class Figures(StrictModel):
    """What was measured of both. Without a champion, its figures rest on no picture.

    champion: its tag, or None.
    n: cats and dogs of the run's test part that are new to the champion.
    of_each: how many of each label those are.
    seen: test pictures left out, as the champion was made from them or from near duplicates.
    both_right ... both_wrong: of the n; `won` only the challenger has right, `lost` only
        the champion. `neither` answered for a cat or a dog is wrong.
    difference: accuracy of the challenger minus the champion's, with its 95 % bootstrap
        interval.
    p_value: exact McNemar test, two-sided.
    *_log_loss: calibrated, nats a picture, of the same n.
    *_rejected: of test pictures of neither, how many were answered `neither`.
    rejected_won, rejected_lost: those that only the challenger, only the champion rejects.
    *_pictures_per_s: median of a batch on this machine, measured in turns.
    speedup_low, speedup_high: how many times as fast the challenger is; see `timing.Speeds`.
    *_bytes: of the graph that serves.
    """

    champion: str | None
    n: int
    of_each: dict[str, int]
    seen: int = 0
    both_right: int = 0
    won: int = 0
    lost: int = 0
    both_wrong: int = 0
    champion_accuracy: Interval
    challenger_accuracy: Interval
    difference: float = 0.0
    difference_low: float = -1.0
    difference_high: float = 1.0
    p_value: float = 1.0
    champion_log_loss: float | None = None
    challenger_log_loss: float | None = None
    champion_rejected: Interval | None = None
    challenger_rejected: Interval | None = None
    rejected_won: int = 0
    rejected_lost: int = 0
    champion_pictures_per_s: float | None = None
    challenger_pictures_per_s: float | None = None
    speedup_low: float | None = None
    speedup_high: float | None = None
    champion_bytes: int = 0
    challenger_bytes: int


class Comparison(Figures):
    """comparison.json of a run: the figures and the decision that they led to."""

    is_promoted: bool
    reason: str


@dataclass(frozen=True)
class Contestant:
    """What one of the two did with the pictures.

    right: (N,) bool, cats and dogs that were answered with their label.
    losses: (N,) float64, calibrated log loss of each, nats.
    rejected: (M,) bool, pictures of neither that were answered `neither`.
    n_bytes: size of the graph that serves.
    """

    right: np.ndarray
    losses: np.ndarray
    rejected: np.ndarray
    n_bytes: int


def figures(
    champion: str,
    ours: Contestant,
    theirs: Contestant,
    speeds: Speeds | None,
    of_each: dict[str, int],
    seen: int,
) -> Figures:
    """The figures of a challenger (ours) against a champion (theirs), picture by picture.

    Args:
        speeds: the challenger's first; None without a picture to measure it on.
        of_each, seen: see `Figures`.
    """
    cells = pairs.count(ours.right, theirs.right)
    others = pairs.count(ours.rejected, theirs.rejected)
    low, high = pairs.interval(cells)
    return Figures(
        champion=champion,
        n=cells.n,
        of_each=of_each,
        seen=seen,
        **cells._asdict(),
        champion_accuracy=share(theirs.right),
        challenger_accuracy=share(ours.right),
        difference=cells.difference,
        difference_low=low,
        difference_high=high,
        p_value=pairs.p_value(cells.won, cells.lost),
        champion_log_loss=float(theirs.losses.mean()) if cells.n else None,
        challenger_log_loss=float(ours.losses.mean()) if cells.n else None,
        champion_rejected=share(theirs.rejected) if others.n else None,
        challenger_rejected=share(ours.rejected) if others.n else None,
        rejected_won=others.won,
        rejected_lost=others.lost,
        champion_pictures_per_s=speeds.second if speeds else None,
        challenger_pictures_per_s=speeds.first if speeds else None,
        speedup_low=speeds.ratio_low if speeds else None,
        speedup_high=speeds.ratio_high if speeds else None,
        champion_bytes=theirs.n_bytes,
        challenger_bytes=ours.n_bytes,
    )


def save(run: Run, comparison: Comparison) -> None:
    """Write it into the run's folder, in one step.

    Raises:
        TrainingError: it cannot be written.
    """
    path = run.folder / COMPARISON
    try:
        with replacing(path) as partial:
            partial.write_text(comparison.model_dump_json(indent=2) + "\n")
    except OSError as exc:
        raise TrainingError(
            f"{path} cannot be written ({exc.strerror}); nothing was promoted. Free some space "
            "and run the same command again."
        ) from exc


def read(run: Run) -> Comparison | None:
    """What `save` wrote for this run; None where nothing was compared yet.

    Raises:
        TrainingError: the file is not of this version.
    """
    path = run.folder / COMPARISON
    try:
        return Comparison.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except ValidationError as exc:
        raise TrainingError(
            f"{path} is not a comparison that this version wrote: {exc}. Remove the file."
        ) from exc
