"""What a network holds and what it costs: parameters and multiply-adds, layer by layer."""

from typing import NamedTuple

import torch
from torch import Tensor, nn


class Layer(NamedTuple):
    """One layer with weights.

    kind: as people write it, `conv 3 x 3, 64` or `dense, 4096`.
    out: the shape of what it puts out for one picture, (C, H, W) or (C,).
    multiply_adds: for one picture. Biases, pooling, norms and activations are not counted,
        as in the figures that papers give.
    """

    name: str
    kind: str
    out: tuple[int, ...]
    parameters: int
    multiply_adds: int


def layers(network: nn.Module, side: int) -> list[Layer]:
    """The convolutions and dense layers in the order in which a picture meets them.

    Args:
        network: takes (1, 3, side, side). On the `meta` device it costs nothing: shapes
            are all that is needed.
    """
    found: list[Layer] = []
    handles = []
    for name, module in network.named_modules():
        if isinstance(module, nn.Conv2d | nn.Linear):

            def note(
                module: nn.Conv2d | nn.Linear, _: object, out: Tensor, name: str = name
            ) -> None:
                found.append(_layer(name, module, out))

            handles.append(module.register_forward_hook(note))
    device = next(network.parameters()).device
    was_training = network.training
    with torch.inference_mode():
        network.eval()(torch.zeros(1, 3, side, side, device=device))
    network.train(was_training)
    for handle in handles:
        handle.remove()
    return found


def _layer(name: str, module: nn.Conv2d | nn.Linear, out: Tensor) -> Layer:
    """Each output is one weighted sum: as many products as it has weights."""
    products = module.weight[0].numel()
    if isinstance(module, nn.Conv2d):
        height, width = module.kernel_size
        kind = f"conv {height} x {width}, {module.out_channels}"
    else:
        kind = f"dense, {module.out_features}"
    parameters = sum(p.numel() for p in module.parameters())
    return Layer(name, kind, tuple(out.shape[1:]), parameters, out.numel() * products)


def parameters(network: nn.Module) -> int:
    """All that is learned, batch norms included."""
    return sum(p.numel() for p in network.parameters())


def multiply_adds(network: nn.Module, side: int) -> int:
    """For one picture of side x side; twice as many FLOPs, where people count both."""
    return sum(layer.multiply_adds for layer in layers(network, side))
