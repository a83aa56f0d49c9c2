"""How the model answers corrupted pictures: every kind at every strength, on the same ones."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
from tqdm import tqdm

from data.picture import Row
from data.thinning import evenly
from service.artifact import NEITHER, Calibration, Interval, StrictModel
from service.cores import usable_cores
from service.engine import Engine, Scores
from training.corruption import CORRUPTIONS, STRENGTHS, Corruption
from training.judging import BATCH, Judged, batches, share

PICTURES = 200
RESAMPLES = 2000  # of the bootstrap


class Cell(StrictModel):
    """One kind at one strength.

    accuracy: cat against dog by the higher logit, whatever the novelty.
    turned_away: answered `neither`.
    """

    kind: str
    strength: int
    setting: str
    accuracy: Interval
    turned_away: Interval


class Robustness(StrictModel):
    """Accuracy under corruption of so many cats and dogs.

    clean: the same pictures uncorrupted, counted as the cells count them.
    mean: over kinds and strengths. Its 95 % interval is a bootstrap over pictures, as one
        picture's answers under 25 corruptions are not 25 pictures.
    mean_turned_away: over kinds and strengths, 0 to 1.
    """

    pictures: int
    clean: Interval
    cells: list[Cell]
    mean: Interval
    mean_turned_away: float


def measure(
    engine: Engine, rows: Sequence[Row], calibration: Calibration, most: int = PICTURES
) -> Robustness:
    """Ask the engine for each picture under each corruption.

    Args:
        rows: at least one cat or dog, none trained on; evenly thinned to `most`.
    """
    chosen = tuple(evenly(rows, most))
    clean = np.concatenate(list(batches(chosen)))
    cells, right = [], []
    total = len(CORRUPTIONS) * STRENGTHS * len(chosen)
    with tqdm(total=total, desc="Corrupted", unit=" pictures") as progress:
        for corruption in CORRUPTIONS:
            for strength in range(1, STRENGTHS + 1):
                judged = _judge(engine, chosen, clean, partial(_spoil, corruption, strength))
                cells.append(_cell(judged, corruption, strength, calibration))
                right.append(judged.right)
                progress.update(len(chosen))
    untouched = _judge(engine, chosen, clean, lambda pixels, _: pixels)
    return Robustness(
        pictures=len(chosen),
        clean=share(untouched.right),
        cells=cells,
        mean=mean_interval(np.stack(right, 1)),
        mean_turned_away=float(np.mean([cell.turned_away.value for cell in cells])),
    )


def mean_interval(right: np.ndarray) -> Interval:
    """The mean of (N, C) bool over N pictures and C conditions; its `n` is N."""
    shares = right.mean(1)
    drawn = np.random.default_rng(0).integers(0, len(shares), (RESAMPLES, len(shares)))
    low, high = np.quantile(shares[drawn].mean(1), [0.025, 0.975])
    return Interval(value=float(shares.mean()), low=float(low), high=float(high), n=len(shares))


def _spoil(corruption: Corruption, strength: int, pixels: np.ndarray, row: Row) -> np.ndarray:
    return corruption(pixels, strength, row.sha256)


def _judge(
    engine: Engine,
    rows: tuple[Row, ...],
    clean: np.ndarray,
    change: Callable[[np.ndarray, Row], np.ndarray],
) -> Judged:
    """Scores of (N, 224, 224, 3) pixels, each changed on other threads meanwhile."""
    scores = []
    with ThreadPoolExecutor(usable_cores()) as pool:
        changed = pool.map(change, clean, rows)
        for start in range(0, len(rows), BATCH):
            count = min(BATCH, len(rows) - start)
            scores.append(engine(np.stack([next(changed) for _ in range(count)])))
    logits, novelty = zip(*scores, strict=True)
    return Judged(rows, Scores(np.concatenate(logits), np.concatenate(novelty)))


def _cell(judged: Judged, corruption: Corruption, strength: int, calibration: Calibration) -> Cell:
    return Cell(
        kind=corruption.name,
        strength=strength,
        setting=corruption.setting(strength),
        accuracy=share(judged.right),
        turned_away=share(np.array(judged.answers(calibration)) == NEITHER),
    )
