"""Recipes that differ from the shipped one in one thing each."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from training.augmentation import Augmentation
from training.module import CatDog
from training.pictures import Batch


class Mixup(CatDog):
    """Pictures blended in pairs, their labels likewise (Zhang et al., 2018, arXiv 1710.09412)."""

    def training_step(self, batch: Batch, _: int) -> Tensor:
        pixels, is_dog = batch
        share = float(np.random.default_rng(self.global_step).beta(0.2, 0.2))
        return self.loss_of(
            pixels * share + pixels.flip(0) * (1 - share),
            is_dog * share + is_dog.flip(0) * (1 - share),
        )


class CutMix(CatDog):
    """A rectangle of each picture from another, labels by area (Yun et al., 2019, 1905.04899)."""

    def training_step(self, batch: Batch, _: int) -> Tensor:
        pixels, is_dog = batch
        random = np.random.default_rng(self.global_step)
        side = pixels.shape[1]
        cut = int(side * np.sqrt(1 - random.beta(1, 1)))
        top, left = random.integers(0, side - cut + 1, 2)
        mixed = pixels.clone()
        mixed[:, top : top + cut, left : left + cut] = pixels.flip(0)[
            :, top : top + cut, left : left + cut
        ]
        share = 1 - cut * cut / side**2
        return self.loss_of(mixed, is_dog * share + is_dog.flip(0) * (1 - share))


class LayerwiseRates(CatDog):
    """The head at the full rate, each stage below at 0.3 of the one above."""

    def configure_optimizers(self) -> dict[str, object]:
        assert self.network is not None
        parts = [self.network.head] + [
            getattr(self.network.trunk, stage) for stage in reversed(self.tuned_stages)
        ]
        groups = [
            {
                "params": [p for p in part.parameters() if p.requires_grad],
                "lr": self.learning_rate * 0.3**depth,
            }
            for depth, part in enumerate(parts)
        ]
        return self.scheduled(torch.optim.AdamW(groups, weight_decay=self.weight_decay))


class ConstantRate(CatDog):
    """No warm-up, no cosine."""

    def configure_optimizers(self) -> dict[str, object]:
        tuned = [p for p in self.parameters() if p.requires_grad]
        optimizer = torch.optim.AdamW(tuned, lr=self.learning_rate, weight_decay=self.weight_decay)
        return {"optimizer": optimizer}


class LiveBatchNorms(CatDog):
    """Batch norms of the tuned stage normalize by the batch, and their statistics move."""

    def training_step(self, batch: Batch, index: int) -> Tensor:
        assert self.network is not None
        self._set_norms(training=True)
        loss = super().training_step(batch, index)
        self._set_norms(training=False)
        return loss

    def _set_norms(self, *, training: bool) -> None:
        assert self.network is not None
        for stage in self.tuned_stages:
            for module in getattr(self.network.trunk, stage).modules():
                if isinstance(module, nn.BatchNorm2d):
                    module.train(training)


@dataclass(frozen=True)
class Variant:
    """One way to fine-tune: the shipped recipe but for what is named here."""

    name: str
    module: Callable[[], CatDog] = CatDog
    augmentation: Callable[[], Augmentation] = Augmentation


VARIANTS = (
    Variant("as shipped"),
    Variant("without label smoothing", lambda: CatDog(label_smoothing=0.0)),
    Variant("without warm-up and cosine", ConstantRate),
    Variant("with batch norms not frozen", LiveBatchNorms),
    Variant(
        "with layer3 too, layer-wise rates",
        lambda: LayerwiseRates(tuned_stages=("layer3", "layer4")),
    ),
    Variant("with mixup", Mixup),
    Variant("with CutMix", CutMix),
    Variant("without corruption", augmentation=lambda: Augmentation(corrupted=0.0)),
    Variant(
        "mirrored only, squashed to a square",
        augmentation=lambda: Augmentation(min_area=1.0, recoloured=0.0, corrupted=0.0),
    ),
)
