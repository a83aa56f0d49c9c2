"""From scores to the answer a client reads."""

from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from service.artifact import LABELS, NEITHER, Calibration

Pet = Literal["cat", "dog"]
Label = Literal["cat", "dog", "neither"]


class Answer(BaseModel):
    """One picture's answer.

    `probabilities` always speak of cat against dog, whatever the label.
    """

    model_config = ConfigDict(extra="forbid")

    label: Label = Field(
        description="What the picture shows; neither, where novelty is past the model's threshold."
    )
    confidence: float = Field(
        ge=0,
        le=1,
        description="Calibrated probability of a cat's or a dog's label; the novelty of neither.",
    )
    probabilities: dict[Pet, float] = Field(
        description="Calibrated, of cat against dog, whatever the label; they add up to 1."
    )
    novelty: float = Field(
        ge=0, le=1, description="How much the picture looks like something else than a pet."
    )
    model: str = Field(description="Tag of the model that answered.")


def probabilities(logits: np.ndarray, temperature: float) -> np.ndarray:
    """Calibrated softmax.

    Args:
        logits: (..., C).
        temperature: over 0.
    Returns:
        (..., C) float64, each row sums to 1.
    """
    scaled = np.asarray(logits, dtype=np.float64) / temperature
    scaled -= scaled.max(axis=-1, keepdims=True)
    exponentials = np.exp(scaled)
    shares: np.ndarray = exponentials / exponentials.sum(axis=-1, keepdims=True)
    return shares


def answer(logits: np.ndarray, novelty: float, calibration: Calibration, model: str) -> Answer:
    """The answer for one picture.

    Args:
        logits: (2,) in the order of `LABELS`.
        novelty: 0 to 1.
    """
    p = probabilities(logits, calibration.temperature)
    best = int(p.argmax())
    is_neither = novelty > calibration.novelty_threshold
    rounded = round(float(p[0]), 4)
    return Answer(
        label=NEITHER if is_neither else LABELS[best],
        confidence=round(float(novelty if is_neither else p[best]), 4),
        probabilities={"cat": rounded, "dog": round(1 - rounded, 4)},
        novelty=round(float(novelty), 4),
        model=model,
    )
