"""Stage two: fine-tuning, as a Lightning module."""

import math
from collections.abc import Sequence
from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits
from torch.utils.data import DataLoader
from torchmetrics.classification import BinaryAccuracy
from torchvision.models import ResNet

from training import weights
from training.errors import TrainingError
from training.folding import folded
from training.network import STAGES, CatDogNet, stages
from training.pictures import Batch
from training.slices import Slices


class CatDog(pl.LightningModule):
    """Fine-tunes the upper stages of a ResNet, and the head, on cats and dogs.

    Validation logs `val/log_loss` and `val/accuracy`, unsmoothed.
    """

    def __init__(
        self,
        backbone: str = "resnet50",
        weights: str = "auto",
        tuned_stages: Sequence[str] = ("layer4",),
        learning_rate: float = 1e-4,
        weight_decay: float = 0.0,
        warmup_steps: int = 20,
        label_smoothing: float = 0.05,
    ) -> None:
        """
        Args:
            backbone: resnet18, resnet34, resnet50, resnet101 or resnet152.
            weights: ImageNet weights from `auto`, `torchvision`, `npm`, or a file.
            tuned_stages: which of layer1 to layer4 are fine-tuned; the others stay.
            learning_rate: AdamW's at its peak, for stages and head.
            weight_decay: AdamW's.
            warmup_steps: linear, from zero; a cosine to zero follows.
            label_smoothing: target of a dog is 1 minus half of this, of a cat half of it.
        """
        super().__init__()
        tunable = STAGES[1:]
        if unknown := set(tuned_stages) - set(tunable):
            raise TrainingError(
                f"tuned_stages {sorted(unknown)} do not exist; there are {', '.join(tunable)}."
            )
        for name, value, is_fine, allowed in (
            ("learning_rate", learning_rate, learning_rate > 0, "over 0"),
            ("weight_decay", weight_decay, weight_decay >= 0, "0 or more"),
            ("warmup_steps", warmup_steps, warmup_steps >= 0, "0 or more"),
            ("label_smoothing", label_smoothing, 0 <= label_smoothing < 1, "0 or more, under 1"),
        ):
            if not is_fine:
                raise TrainingError(f"model.{name} is {value}; it must be {allowed}.")
        self.save_hyperparameters()
        self.backbone = backbone
        self.weights_source = weights
        self.tuned_stages = tuple(tuned_stages)
        first = min((STAGES.index(stage) for stage in tuned_stages), default=len(STAGES))
        self.frozen_stages, self.live_stages = STAGES[:first], STAGES[first:]
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.warmup_steps = warmup_steps
        self.label_smoothing = label_smoothing
        self.origin = "none"
        self.stride_in_1x1 = False
        self.network: CatDogNet | None = None
        # Whoever resumes sets it: the checkpoint then brings the network, weights and all.
        self.resumes = False
        self._frozen: list[ResNet] = []  # in a list: no part of the module's state
        self.val_accuracy = BinaryAccuracy()

    def configure_model(self) -> None:
        """Fetch the weights and build the network; Lightning calls it before it loads anything."""
        if self.network is None and not self.resumes:
            # Lightning makes a GPU torch's default here; what comes from a file is on the CPU.
            with torch.device("cpu"):
                self.fetch()

    def fetch(self) -> tuple[str, bool]:
        """Fetch the weights, and build the network with them.

        Returns:
            what other processes need to `build` the same.
        """
        pretrained = weights.load(self.backbone, self.weights_source)
        print(f"ImageNet weights of {self.backbone}: {pretrained.origin}", flush=True)
        self.build(pretrained.origin, pretrained.stride_in_1x1).load_pretrained(pretrained.state)
        return pretrained.origin, pretrained.stride_in_1x1

    def build(self, origin: str, stride_in_1x1: bool) -> CatDogNet:
        """Build the network without weights. Of several processes, DDP hands the first's out."""
        self.origin, self.stride_in_1x1 = origin, stride_in_1x1
        network = CatDogNet(self.backbone, stride_in_1x1).to(memory_format=torch.channels_last)
        self.network = network
        self._freeze()
        return network

    def _freeze(self) -> None:
        """Leave only the convolutions of the tuned stages, and the head, to the optimizer."""
        assert self.network is not None
        self.network.requires_grad_(False)
        self.network.head.requires_grad_(True)
        for stage in self.tuned_stages:
            for module in getattr(self.network.trunk, stage).modules():
                if isinstance(module, torch.nn.Conv2d):
                    module.requires_grad_(True)

    def logit(self, pixels: Tensor) -> Tensor:
        """(B, 224, 224, 3) uint8 to the dog's log-odds, (B,) float32."""
        assert self.network is not None
        images = self.network.standardize(pixels).contiguous(memory_format=torch.channels_last)
        below = stages(self._frozen_trunk(), images, self.frozen_stages)
        maps = stages(self.network.trunk, below, self.live_stages)
        features = maps.float().mean((2, 3))
        # Not the head's own product, which autocast would take in bf16: log-odds off by up to 0.07.
        z: Tensor = (features * self.network.head.weight[0]).sum(1)
        return z

    def _frozen_trunk(self) -> ResNet:
        """The trunk with its batch norms folded; its stages below the tuned ones never change."""
        assert self.network is not None
        if not self._frozen:
            self._frozen = [folded(self.network.trunk)]
        return self._frozen[0]

    def training_step(self, batch: Batch, index: int) -> Tensor:
        pixels, is_dog = batch
        return self.loss_of(pixels, is_dog, self._whole(self.trainer.train_dataloader, index))

    def loss_of(self, pixels: Tensor, is_dog: Tensor, whole: int | None = None) -> Tensor:
        """Mean log loss against smoothed labels, logged; of several processes, see `_share`.

        Args:
            pixels: (B, 224, 224, 3), 0 to 255.
            is_dog: (B,) float32, 0 to 1.
            whole: pictures of the batch in all processes; None for one process.
        """
        smoothed = is_dog * (1 - self.label_smoothing) + self.label_smoothing / 2
        loss = self._share(self.logit(pixels), smoothed, whole)
        size = whole or len(is_dog)
        each = {"on_step": True, "on_epoch": True, "sync_dist": True, "batch_size": size}
        self.log("train/loss", loss, prog_bar=True, **each)
        return loss

    def validation_step(self, batch: Batch, index: int) -> None:
        pixels, is_dog = batch
        whole = self._whole(self.trainer.val_dataloaders, index)
        logit = self.logit(pixels)
        # Not the logits: torchmetrics takes a batch of them that all lie in 0 to 1 for
        # probabilities, and a dog of 0.3 for a cat.
        self.val_accuracy.update((logit > 0).int(), is_dog.int())
        loss = self._share(logit, is_dog, whole)
        size = whole or len(is_dog)
        self.log("val/log_loss", loss, prog_bar=True, sync_dist=True, batch_size=size)
        self.log("val/accuracy", self.val_accuracy, prog_bar=True)

    def _share(self, logit: Tensor, target: Tensor, whole: int | None) -> Tensor:
        """This process's share of a batch's mean log loss.

        The mean of all processes' shares is the mean over the batch's pictures, however
        many of these each process has; and so it is of the gradients, which DDP averages.

        Args:
            logit, target: (B,) of the pictures in this process; B may be 0 of several.
            whole: as in `loss_of`.
        """
        losses: Tensor = binary_cross_entropy_with_logits(logit, target, reduction="none")
        if whole is None:
            return losses.mean()
        share: Tensor = losses.sum() * (self.trainer.world_size / whole)
        return share

    def _whole(self, loader: DataLoader[Batch], index: int) -> int | None:
        """Pictures of batch `index` in all processes; None for one process."""
        if self.trainer.world_size == 1:
            return None
        assert isinstance(loader.batch_sampler, Slices)
        return loader.batch_sampler.whole(index)

    def configure_optimizers(self) -> dict[str, object]:
        tuned = [p for p in self.parameters() if p.requires_grad]
        return self.scheduled(
            torch.optim.AdamW(tuned, lr=self.learning_rate, weight_decay=self.weight_decay)
        )

    def scheduled(self, optimizer: torch.optim.Optimizer) -> dict[str, object]:
        """What Lightning wants to know: the optimizer under warm-up and cosine, step by step."""
        steps = int(self.trainer.estimated_stepping_batches)
        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, self._rate(steps))
        return {
            "optimizer": optimizer,
            "lr_scheduler": {"scheduler": schedule, "interval": "step"},
        }

    def _rate(self, steps: int) -> "WarmupCosine":
        return WarmupCosine(min(self.warmup_steps, max(1, steps // 4)), steps)

    def on_save_checkpoint(self, checkpoint: dict[str, object]) -> None:
        """Keep what rebuilding the network needs, so that no weights are fetched for it."""
        checkpoint["catdog"] = {
            "backbone": self.backbone,
            "stride_in_1x1": self.stride_in_1x1,
            "origin": self.origin,
        }

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Build the network that the checkpoint's weights are of; Lightning then loads them.

        Their names and shapes tell nothing of where it strides: in another one they would fit too.
        """
        saved = checkpoint["catdog"]
        self.build(saved["origin"], saved["stride_in_1x1"])


class WarmupCosine:
    """Factor on the learning rate: linear up over `warmup` steps, then a cosine to zero."""

    def __init__(self, warmup: int, steps: int) -> None:
        self.warmup = warmup
        self.steps = steps

    def __call__(self, step: int) -> float:
        if step < self.warmup:
            return (step + 1) / self.warmup
        progress = (step - self.warmup) / max(1, self.steps - self.warmup)
        return 0.5 * (1 + math.cos(math.pi * min(1.0, progress)))
