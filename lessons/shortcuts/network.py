"""A deep network, and the same with shortcuts, as He et al. compare them.

He, Zhang, Ren, Sun: Deep residual learning for image recognition (2015, arXiv 1512.03385),
section 4.2: a 3 x 3 convolution, three stages of 2 n of them with batch norms, each stage
of half the side and twice the channels of the one before, the mean over each map and one
dense layer: 6 n + 2 layers with weights. Half their channels here, and half their side.
"""

from collections import OrderedDict

from torch import Tensor, nn
from torch.nn.functional import pad, relu

CHANNELS = (8, 16, 32)


def network(depth: int, shortcuts: bool) -> nn.Sequential:
    """(B, 3, 32, 32) to (B, 1); the same parameters with shortcuts and without.

    Args:
        depth: layers with weights, 6 n + 2.
    Raises:
        ValueError: there is no network of that depth.
    """
    blocks, rest = divmod(depth - 2, 6)
    if rest or blocks < 1:
        raise ValueError(f"A depth of {depth} is not 6 n + 2; 8, 14, 20 and so on are.")
    layers: dict[str, nn.Module] = {
        "conv": nn.Conv2d(3, CHANNELS[0], 3, stride=2, padding=1, bias=False),
        "norm": nn.BatchNorm2d(CHANNELS[0]),
        "relu": nn.ReLU(),
    }
    before = CHANNELS[0]
    for stage, channels in enumerate(CHANNELS):
        for i in range(blocks):
            stride = 2 if stage > 0 and i == 0 else 1
            layers[f"block{stage + 1}_{i + 1}"] = Block(before, channels, stride, shortcuts)
            before = channels
    layers |= {"pool": nn.AdaptiveAvgPool2d(1), "flat": nn.Flatten(), "dense": nn.Linear(before, 1)}
    built = nn.Sequential(OrderedDict(layers))
    for module in built.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
    return built


class Block(nn.Module):
    """Two convolutions, and past them, or not, a way around.

    With it the block learns what to change; without, what everything is to become.
    """

    def __init__(self, channels: int, out: int, stride: int, shortcut: bool) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, out, 3, stride, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(out)
        self.conv2 = nn.Conv2d(out, out, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(out)
        self.stride = stride
        self.shortcut = shortcut

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm2(self.conv2(relu(self.norm1(self.conv1(x)))))
        return relu(y + self.around(x) if self.shortcut else y)

    def around(self, x: Tensor) -> Tensor:
        """The input as it is; where the block halves it, every second pixel and zeros
        for the channels that are new: nothing to learn (their option A)."""
        missing = self.conv1.out_channels - self.conv1.in_channels
        return pad(x[..., :: self.stride, :: self.stride], (0, 0, 0, 0, 0, missing))
