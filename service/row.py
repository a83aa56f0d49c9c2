"""A row of numbers: all that the network's process says of one picture.

Its columns: logit of cat, logit of dog, novelty, and the seconds that the network took for the
batch that the picture was in.
"""

from collections.abc import Awaitable, Callable

import numpy as np

from service.answer import Answer, answer
from service.artifact import Calibration

WIDTH = 4

# (N, 224, 224, 3) uint8, RGB, to (N, WIDTH) float32.
Score = Callable[[np.ndarray], Awaitable[np.ndarray]]


def packed(logits: np.ndarray, novelty: np.ndarray, seconds: float) -> np.ndarray:
    """The rows of a batch.

    Args:
        logits: (B, 2), in the order of `service.artifact.LABELS`.
        novelty: (B,), 0 to 1.
        seconds: that it took.
    Returns:
        (B, WIDTH) float32.
    """
    columns = [logits, novelty, np.full(len(logits), seconds)]
    return np.column_stack(columns).astype(np.float32)


def answered(row: np.ndarray, calibration: Calibration, model: str) -> Answer:
    """The answer for one picture, of its row, (WIDTH,)."""
    return answer(row[:2], float(row[2]), calibration, model)


def network_s(rows: np.ndarray) -> float:
    """Seconds that the network took for (N, WIDTH) rows, of whichever batches.

    The rows of a batch all bear its seconds, to the bit: each batch counts once.
    """
    return float(np.unique(rows[:, 3]).sum())
