"""One Lightning module for every network here that learns cats from dogs."""

from collections.abc import Callable, Iterable

import pytorch_lightning as pl
import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits as cross_entropy

Augmentation = Callable[[Tensor], Tensor]
MakeOptimizer = Callable[[Iterable[nn.Parameter]], torch.optim.Optimizer]


class PetClassifier(pl.LightningModule):
    """A network with one output: the log-odds that it is a dog.

    losses: the mean training loss of each epoch so far, of the batches as they came.
    """

    def __init__(
        self,
        network: nn.Module,
        make_optimizer: MakeOptimizer,
        augment: Augmentation | None = None,
    ) -> None:
        super().__init__()
        self.network = network
        self.make_optimizer = make_optimizer
        self.augment = nn.Identity() if augment is None else augment
        self.losses: list[float] = []
        self._epoch: list[Tensor] = []

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, H, W) to (B,), the dog's log-odds."""
        logits: Tensor = self.network(images).squeeze(1)
        return logits

    def training_step(self, batch: tuple[Tensor, Tensor], _: int) -> Tensor:
        images, labels = batch
        loss = cross_entropy(self(self.augment(images)), labels)
        self._epoch.append(loss.detach())
        return loss

    def on_train_epoch_end(self) -> None:
        self.losses.append(torch.stack(self._epoch).mean().item())
        self._epoch.clear()

    def configure_optimizers(self) -> dict[str, object]:
        """The learning rate falls in a straight line to nothing at the last step."""
        optimizer = self.make_optimizer(self.parameters())
        steps = self.trainer.estimated_stepping_batches
        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1 - step / steps)
        return {
            "optimizer": optimizer,
            "lr_scheduler": {"scheduler": schedule, "interval": "step"},
        }
