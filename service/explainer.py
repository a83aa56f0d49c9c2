"""What the network says of one picture, and why: asks it twice, and draws what it saw."""

from collections.abc import Awaitable, Callable, Sequence

import numpy as np
from starlette.concurrency import run_in_threadpool

from service.artifact import Calibration
from service.explanation import Explanation, explanation
from service.greying import SHARES, greyed_out
from service.record import Record
from service.row import Score, answered, network_s
from service.sight import Sight

COST = 2 + len(SHARES)  # pictures: one to see, and to score that one and each greyed out

Explain = Callable[[np.ndarray, Record], Awaitable[Explanation]]
See = Callable[[np.ndarray], Awaitable[Sight]]


class Explainer:
    """Of one model."""

    def __init__(
        self, *, see: See, score: Score, calibration: Calibration, tag: str, classes: Sequence[str]
    ) -> None:
        """Set it up.

        Args:
            see: (1, 224, 224, 3) uint8 RGB to what the network saw.
            score: the one that /predict uses, so that both answer the same.
            calibration, tag: of the model that both run.
            classes: names of ImageNet's, in the order of its logits.
        """
        self._see = see
        self._score = score
        self._calibration = calibration
        self._tag = tag
        self._classes = classes

    async def __call__(self, pixels: np.ndarray, record: Record) -> Explanation:
        """Explain what is said of one picture.

        Args:
            pixels: (224, 224, 3) uint8, RGB.
            record: of the request.
        Raises:
            Problem: 503, the network is overloaded or out of reach.
        """
        with record.score:
            sight = await self._see(pixels[np.newaxis])
            dog = sight.activation_map
            greyed = await run_in_threadpool(greyed_out, pixels, dog if dog.mean() > 0 else -dog)
            rows = await self._score(np.concatenate([pixels[np.newaxis], greyed]))
        record.model_s = sight.seconds + network_s(rows)
        answers = [answered(row, self._calibration, self._tag) for row in rows]
        record.answers = answers[:1]
        return await run_in_threadpool(explanation, pixels, sight, greyed, answers, self._classes)
