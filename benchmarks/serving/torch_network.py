"""The network of the contestants that run torch: ResNet-50 with two classes, in fp32.

Its weights are random: what they are does not change how long they take. All of it is written out,
constants too, as by somebody who has nothing of this project.
"""

import io

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torchvision.models import resnet50

LABELS = ("cat", "dog")
RESIZED, SIDE = 256, 224
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def decode(data: bytes) -> Tensor:
    """Bytes to (3, 224, 224) uint8, RGB: torchvision's Resize(256) and CenterCrop(224), in Pillow.

    The square is cut out while it is resized, which costs least.
    """
    image = Image.open(io.BytesIO(data)).convert("RGB")
    side = min(image.size) * SIDE / RESIZED
    left, top = (image.width - side) / 2, (image.height - side) / 2
    box = (left, top, left + side, top + side)
    square = image.resize((SIDE, SIDE), Image.Resampling.BILINEAR, box=box)
    return torch.from_numpy(np.array(square)).permute(2, 0, 1)


class Network(nn.Module):
    """(B, 3, 224, 224) uint8 to the probabilities of cat and dog, (B, 2)."""

    mean: Tensor
    std: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.trunk = resnet50(weights=None, num_classes=len(LABELS))
        self.register_buffer("mean", torch.tensor(MEAN).view(3, 1, 1) * 255)
        self.register_buffer("std", torch.tensor(STD).view(3, 1, 1) * 255)

    def forward(self, pixels: Tensor) -> Tensor:
        images = (pixels.float() - self.mean) / self.std
        images = images.contiguous(memory_format=torch.channels_last)
        probabilities: Tensor = self.trunk(images).softmax(1)
        return probabilities


def network() -> Network:
    """Ready to infer."""
    return Network().eval().to(memory_format=torch.channels_last)


def answer(probabilities: Tensor) -> dict[str, object]:
    """Args: probabilities: (2,)."""
    best = int(probabilities.argmax())
    return {"label": LABELS[best], "confidence": round(float(probabilities[best]), 4)}
