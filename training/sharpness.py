"""How much of a picture is there to be seen: a thumbnail blown up shows little."""

import torch
from torch import Tensor
from torch.nn.functional import conv2d

# Decades of the Laplacian's energy over the variance. Of photographs as they are, fewer than 1 in
# 20 is under the upper one; brought down to 32 pixels and up again they lie about the lower one.
SHARP, BLURRED = -1.7, -2.7
# No picture of 32 pixels, of some 3,000, is smoother than the first; a gradient is than the second.
SMOOTHEST, EMPTY = -3.35, -3.5
_LAPLACIAN = ((0.0, 1.0, 0.0), (1.0, -4.0, 1.0), (0.0, 1.0, 0.0))
_LEAST_ENERGY, _LEAST_VARIANCE = 0.5, 5.0  # of 0 to 255, squared: rounding makes about as much


def blur(pixels: Tensor) -> Tensor:
    """From 0, as sharp as photographs are, to 1, as blurred as 32 pixels blown up.

    And 0 again for what is smoother than any such picture: a gradient hides nothing.

    Green alone is looked at, whose whole numbers bf16 holds exactly. The energy of the Laplacian
    is a usual measure of focus (Subbarao et al., 1993); over the variance, contrast and light
    matter little. Every second and every fourth pixel each way say as much as all.

    Args:
        pixels: (B, H, W, 3) uint8, RGB; H and W at least 3.
    Returns:
        (B,) float32.
    """
    green = pixels[..., 1].float()[:, None]
    laplacian = conv2d(green, green.new_tensor(_LAPLACIAN)[None, None], stride=2)
    energy = (laplacian * laplacian).mean((1, 2, 3)) + _LEAST_ENERGY
    some = green[:, :, ::4, ::4]
    contrast = some - some.mean((2, 3), keepdim=True)
    variance = (contrast * contrast).mean((1, 2, 3)) + _LEAST_VARIANCE
    decades = torch.log10(energy / variance)
    lacking = ((SHARP - decades) / (SHARP - BLURRED)).clamp(0, 1)
    return lacking * ((decades - EMPTY) / (SMOOTHEST - EMPTY)).clamp(0, 1)
