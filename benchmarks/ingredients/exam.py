"""The test pictures that recipes are judged on, clean and corrupted."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from data.manifest import read_bytes
from data.picture import Row
from service.images import network_input
from training.corruption import CORRUPTIONS, STRENGTHS
from training.features import has_bf16
from training.module import CatDog
from training.network import CatDogNet, stages
from training.pictures import targets
from training.selection import scaled_log_loss


@dataclass(frozen=True)
class Figures:
    """Of one network on one set of pictures.

    wrong: cat against dog by the higher logit.
    log_loss: at its best temperature.
    """

    pictures: int
    wrong: int
    log_loss: float


class Exam:
    """The test pictures, run once through the stages that no recipe changes."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.is_dog = targets(rows)
        clean = np.stack([network_input(read_bytes(row)) for row in rows])  # (N, 224, 224, 3)
        kinds = [(c, s) for c in CORRUPTIONS for s in range(1, STRENGTHS + 1)]
        corrupted = [
            corruption(pixels, strength, row.sha256)
            for pixels, row, (corruption, strength) in zip(
                clean, rows, kinds * (len(rows) // len(kinds) + 1), strict=False
            )
        ]
        self.pictures = {"clean": clean, "corrupted": np.stack(corrupted)}
        self._below: dict[tuple[str, int], list[Tensor]] = {}

    def __call__(self, module: CatDog) -> dict[str, Figures]:
        """Judge a network as it is now."""
        return {name: self._figures(module, name) for name in self.pictures}

    @torch.inference_mode()
    def _figures(self, module: CatDog, name: str) -> Figures:
        network = module.network
        assert network is not None
        frozen = len(module.frozen_stages)
        with torch.autocast("cpu", torch.bfloat16, enabled=has_bf16(torch.device("cpu"))):
            if (name, frozen) not in self._below:
                self._below[name, frozen] = [
                    stages(network.trunk, _images(network, pixels), module.frozen_stages)
                    for pixels in np.array_split(self.pictures[name], 20)
                ]
            features = [
                stages(network.trunk, x, module.live_stages).float().mean((2, 3))
                for x in self._below[name, frozen]
            ]
        logit = torch.cat(features) @ network.head.weight[0]
        wrong = int(((logit > 0) != self.is_dog.bool()).sum())
        return Figures(len(logit), wrong, scaled_log_loss(logit.float(), self.is_dog))


def _images(network: CatDogNet, pixels: np.ndarray) -> Tensor:
    images: Tensor = network.standardize(torch.from_numpy(pixels))
    return images.contiguous(memory_format=torch.channels_last)
