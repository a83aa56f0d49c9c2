"""A network as a Lightning module: what it minimizes, how, and what it is watched by."""

import pytorch_lightning as pl
import torch
from torch import Tensor, nn
from torch.nn import functional

from lessons.digits.figures import Epoch
from lessons.digits.mnist import Digits

LEARNING_RATE = 1e-3  # Adam's own default, as in the lecture


class Classifier(pl.LightningModule):
    """Digits (B, 1, 28, 28), 0 to 1, to logits (B, 10).

    history: filled while it trains, an entry an epoch.
    """

    def __init__(self, network: nn.Sequential) -> None:
        super().__init__()
        self.network = network
        self.history: list[Epoch] = []
        self._losses: list[Tensor] = []
        self._right: list[Tensor] = []

    def forward(self, digits: Tensor) -> Tensor:
        logits: Tensor = self.network(digits)
        return logits

    def training_step(self, batch: tuple[Tensor, Tensor], _index: int) -> Tensor:
        digits, labels = batch
        loss = functional.cross_entropy(self(digits), labels)
        self._losses.append(loss.detach())
        return loss

    def validation_step(self, batch: tuple[Tensor, Tensor], _index: int) -> None:
        digits, labels = batch
        self._right.append(self(digits).argmax(1) == labels)

    def on_train_epoch_end(self) -> None:  # Lightning validates before
        loss = torch.stack(self._losses).mean().item()
        accuracy = torch.cat(self._right).float().mean().item()
        self.history.append(
            Epoch(train_loss=round(loss, 4), validation_accuracy=round(accuracy, 4))
        )
        self._losses, self._right = [], []

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.Adam(self.parameters(), lr=LEARNING_RATE)


def to_tensor(digits: Digits) -> Tensor:
    """(N, 28, 28) uint8 to (N, 1, 28, 28) float32, 0 to 1."""
    return torch.from_numpy(digits.images).float().div(255).unsqueeze(1)
