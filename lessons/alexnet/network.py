"""AlexNet for pictures of 28 x 28: the paper's layout at an eighth of its size.

Krizhevsky, Sutskever, Hinton: ImageNet classification with deep convolutional neural
networks (2012). As in the paper: five convolutions, the first two and the last followed by
pooling, then three dense layers, the first two of them with dropout; the picture is a
random crop, 7/8 of its side. Unlike it: one output; an eighth of torchvision's channels;
an 11 x 11 kernel of stride 4 on 224 pixels is a 5 x 5 of stride 2 on 28; no response
normalization, which later networks, torchvision's AlexNet among them, left out.
"""

import torch
from torch import Tensor, nn

SIDE = 28  # of 32, as 224 of 256 in the paper
CHANNELS = (8, 24, 48, 32, 32)
DENSE = 256


def alexnet(
    *,
    activation: type[nn.Module] = nn.ReLU,
    dropout: float = 0.5,
    overlapping: bool = True,
    middle: bool = True,
    hidden: bool = True,
) -> nn.Sequential:
    """(B, 3, 28, 28) to (B, 1).

    Args:
        overlapping: pool 3 x 3 with stride 2, as in the paper, or 2 x 2: maps of the same size.
        middle: with the third and fourth convolution.
        hidden: with the two hidden dense layers.
    """
    c1, c2, c3, c4, c5 = CHANNELS

    def convolution(channels: int, out: int, side: int, stride: int = 1) -> list[nn.Module]:
        return [nn.Conv2d(channels, out, side, stride, side // 2), activation()]

    def pool() -> nn.Module:
        return nn.MaxPool2d(3, 2, 1) if overlapping else nn.MaxPool2d(2, ceil_mode=True)

    layers = [*convolution(3, c1, 5, stride=2), pool()]  # 28 -> 14 -> 7
    layers += [*convolution(c1, c2, 5), pool()]  # 7 -> 4
    if middle:
        layers += [*convolution(c2, c3, 3), *convolution(c3, c4, 3)]
    layers += [*convolution(c4 if middle else c2, c5, 3), pool(), nn.Flatten()]  # 4 -> 2
    features = c5 * 2 * 2
    if hidden:
        layers += [nn.Dropout(dropout), nn.Linear(features, DENSE), activation()]
        layers += [nn.Dropout(dropout), nn.Linear(DENSE, DENSE), activation()]
    layers.append(nn.Linear(DENSE if hidden else features, 1))
    return _initialized(nn.Sequential(*layers), activation)


def _initialized(network: nn.Sequential, activation: type[nn.Module]) -> nn.Sequential:
    """Weights of such a spread that each layer passes on the spread that it gets (He, 2015).

    The paper's own, 0.01 everywhere, and torch's default leave a network this deep
    without norms at a standstill for longer than we train.
    """
    gain = nn.init.calculate_gain("tanh" if activation is nn.Tanh else "relu")
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            fan_in = module.weight[0].numel()
            nn.init.normal_(module.weight, std=gain / fan_in**0.5)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    return network


def crop_and_flip(images: Tensor) -> Tensor:
    """The paper's augmentation: of each picture a random crop, half of them mirrored.

    Args:
        images: (B, 3, 32, 32).
    Returns:
        (B, 3, 28, 28).
    """
    count, _, side, _ = images.shape
    top, left = torch.randint(0, side - SIDE + 1, (2, count))
    rows = top[:, None] + torch.arange(SIDE)  # (B, 28)
    columns = left[:, None] + torch.arange(SIDE)
    columns = torch.where(torch.rand(count, 1) < 0.5, columns.flip(1), columns)
    picture = torch.arange(count)[:, None, None]
    # (B, 28, 28, 3), as the slice comes between two indices
    return images[picture, :, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)


def centre(images: Tensor) -> Tensor:
    """(B, 3, 32, 32) to (B, 3, 28, 28), the middle."""
    margin = (images.shape[-1] - SIDE) // 2
    return images[..., margin : margin + SIDE, margin : margin + SIDE]
