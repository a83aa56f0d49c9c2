"""What POST /explain answers."""

from collections.abc import Sequence

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from service import drawing
from service.answer import Answer, Label, Pet, probabilities
from service.greying import SHARES
from service.images import SIDE
from service.sight import Sight, Stage

FILTERS = "/model/filters.png"
BEST = 5  # of ImageNet's classes


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ActivationMap(_Part):
    """Which places spoke for which animal (Zhou et al., 2015, arXiv 1512.04150)."""

    values: list[list[float]] = Field(
        description="7 x 7, each place's contribution to the dog's log-odds before calibration: "
        "over 0 for a dog, under 0 for a cat. Their mean is those log-odds."
    )
    image: str = Field(
        description="The same to lay over `seen`: a PNG with transparency, 224 x 224. Blue for a "
        "cat, orange for a dog, the more opaque the more, measured by this picture's strongest."
    )


class GreyedOut(_Part):
    """The answer without the places that spoke most for the likelier of cat and dog."""

    share: float = Field(description="Of the picture's area that is greyed out.")
    image: str = Field(description="What was asked about, 224 x 224 pixels.")
    label: Label
    confidence: float
    probabilities: dict[Pet, float]


class FeatureMap(_Part):
    """One of a stage's feature maps."""

    channel: int
    response: float = Field(description="Mean over its places.")
    image: str = Field(
        description="A grey PNG of `side` pixels: black where it is 0, white where strongest."
    )


class StageSeen(_Part):
    """What one stage of the network responded to."""

    name: str
    channels: int = Field(description="How many feature maps the stage has.")
    side: int = Field(description="Places in a row, and in a column, of each.")
    strongest: list[FeatureMap] = Field(description="Those of the highest response, descending.")


class ImageNetClass(_Part):
    """What the head that the network came with would say."""

    name: str
    probability: float = Field(description="Of all 1,000 of ImageNet's classes; not calibrated.")


class Explanation(_Part):
    """One picture's answer, and what the network saw in it. Images are data URIs."""

    answer: Answer = Field(description="Exactly what POST /predict answers.")
    seen: str = Field(description="The 224 x 224 pixels that the network saw.")
    activation_map: ActivationMap
    greyed_out: list[GreyedOut] = Field(description="By ascending share.")
    stages: list[StageSeen] = Field(description="From edges to parts.")
    filters: str = Field(description="Path of the first layer's filters as a PNG.")
    imagenet: list[ImageNetClass] = Field(description="The five best; a hint, no answer.")


def explanation(
    pixels: np.ndarray,
    sight: Sight,
    greyed: np.ndarray,
    answers: Sequence[Answer],
    classes: Sequence[str],
) -> Explanation:
    """Draw all of it.

    Args:
        pixels: (224, 224, 3) uint8, RGB.
        sight: what the network saw in it.
        greyed: (3, 224, 224, 3) uint8, it without each of `SHARES`.
        answers: to the picture, then to each of those.
        classes: names of ImageNet's.
    """
    first, *others = answers
    return Explanation(
        answer=first,
        seen=drawing.photograph(pixels),
        activation_map=ActivationMap(
            values=[[round(float(v), 4) for v in row] for row in sight.activation_map],
            image=drawing.overlay(sight.activation_map, SIDE),
        ),
        greyed_out=[
            GreyedOut(
                share=share,
                image=drawing.photograph(without),
                **answer.model_dump(include={"label", "confidence", "probabilities"}),
            )
            for share, without, answer in zip(SHARES, greyed, others, strict=True)
        ],
        stages=[_stage(stage) for stage in sight.stages],
        filters=FILTERS,
        imagenet=_best(sight.imagenet, classes),
    )


def _stage(stage: Stage) -> StageSeen:
    return StageSeen(
        name=stage.name,
        channels=stage.of,
        side=stage.maps.shape[-1],
        strongest=[
            FeatureMap(
                channel=int(channel),
                response=round(float(values.mean()), 4),
                image=drawing.feature_map(values),
            )
            for channel, values in zip(stage.channels, stage.maps, strict=True)
        ],
    )


def _best(logits: np.ndarray, classes: Sequence[str]) -> list[ImageNetClass]:
    p = probabilities(logits, 1.0)
    return [
        ImageNetClass(name=classes[i], probability=round(float(p[i]), 4))
        for i in (-p).argsort(kind="stable")[:BEST]
    ]
