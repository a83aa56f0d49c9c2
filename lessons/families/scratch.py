"""A network trained from nothing, on as many pictures as a budget pays for."""

from functools import partial

import torch
from torch import Tensor
from torchvision import models

from lessons.counting import multiply_adds
from lessons.families.figures import Scratch
from lessons.pets import trial
from lessons.pets.classifier import PetClassifier
from lessons.pets.pictures import Pictures, enlarged, pictures

# AlexNet divides a side by 16 before its last pooling, and by 32 after it: of 32 pixels, one is
# left before it, and it wants three.
SIDES = {"alexnet": 64, "vgg16": 32, "resnet18": 32, "resnet50": 32}
BATCH, RATE = 16, 0.01
optimizer = partial(torch.optim.SGD, lr=RATE, momentum=0.9, weight_decay=5e-4)


def from_scratch(name: str, budget: float, seed: int) -> Scratch:
    """Train one of `NAMES` on as many pictures as the budget pays for."""
    side = SIDES[name]
    with torch.device("meta"):
        each = multiply_adds(models.get_model(name, num_classes=1), side)
    batches = max(1, int(budget / each / BATCH))
    train_set, test_set = (
        Pictures(enlarged(part.images, side), part.labels) for part in pictures()
    )
    done = trial.train(
        lambda: PetClassifier(models.get_model(name, num_classes=1), optimizer, mirrored),
        train_set,
        epochs=1,
        batch=BATCH,
        seed=seed,
        pictures_an_epoch=batches * BATCH,
    )
    right = int(trial.right(done.network, test_set).sum())
    return Scratch(
        side=side,
        multiply_adds=each,
        seen=batches * BATCH,
        right=right,
        cpu_s=round(done.cpu_s, 1),
    )


def mirrored(images: Tensor) -> Tensor:
    """(B, C, H, W): half of them, left to right."""
    return torch.where(torch.rand(len(images), 1, 1, 1) < 0.5, images.flip(3), images)
