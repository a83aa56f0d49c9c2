"""Good pictures whose answers tell them apart: who gets another's is found out."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

import aiohttp

from service import images
from tests import known_network, pictures

# Of a probability and of novelty: two shades, which lossy kinds may move a colour by.
TOLERANCE = 0.018


@dataclass(frozen=True)
class Specimen:
    """A picture's bytes, and the answer that is due to it."""

    name: str
    data: bytes
    p_cat: float
    novelty: float

    def is_answered_by(self, answer: Mapping[str, Any]) -> bool:
        """Whether this is the answer to this picture."""
        p_cat, novelty = float(answer["probabilities"]["cat"]), float(answer["novelty"])
        return max(abs(p_cat - self.p_cat), abs(novelty - self.novelty)) < TOLERANCE

    async def answered_by(self, http: aiohttp.ClientSession) -> Self:
        """The same picture, with what the server answers to it now as the answer that is due."""
        async with http.post("/predict", data=self.data, raise_for_status=True) as response:
            answer = await response.json()
        return replace(self, p_cat=answer["probabilities"]["cat"], novelty=answer["novelty"])


def known() -> list[Specimen]:
    """208 colours in all kinds in turn, each further from the next than `TOLERANCE`, twice."""
    colours = [
        (128 + difference // 2, green, 128 - difference // 2)
        for difference in range(-96, 97, 16)
        for green in range(0, 256, 16)
    ]
    kinds = [images.KINDS[i % len(images.KINDS)].decoder for i in range(len(colours))]
    return [
        Specimen(
            name=f"{rgb}.{kind.lower()}",
            data=pictures.plain(rgb, kind),
            p_cat=known_network.p_cat(rgb),
            novelty=known_network.novelty(rgb),
        )
        for rgb, kind in zip(colours, kinds, strict=True)
    ]
