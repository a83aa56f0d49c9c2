"""Stage one: the head, solved to convergence on pooled features."""

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

PRIOR_SCALE = 0.2  # how much of ImageNet's own direction the prior believes
STRENGTH = 100.0  # pull towards the prior; on the starter set 60 to 400 differ by a point


def solve(
    features: Tensor,
    is_dog: Tensor,
    prior: Tensor,
    *,
    strength: float = STRENGTH,
    prior_scale: float = PRIOR_SCALE,
) -> Tensor:
    """Logistic regression without intercept, its prior centred on ImageNet's head.

    Minimizes `sum log loss + strength / 2 |w - prior_scale prior|^2` by L-BFGS in
    float64: convex, so the result depends on nothing but the arguments.

    Args:
        features: (N, C).
        is_dog: (N,), 0 or 1.
        prior: (C,), from `training.network.imagenet_direction`.
    Returns:
        (C,) float32 weights of the dog's log-odds.
    """
    x, y = features.double(), is_dog.double()
    centre = prior_scale * prior.double()
    offset = torch.zeros_like(centre, requires_grad=True)
    optimizer = torch.optim.LBFGS(
        [offset],
        max_iter=500,
        history_size=20,
        tolerance_grad=1e-6,
        line_search_fn="strong_wolfe",
    )

    def loss() -> Tensor:
        optimizer.zero_grad()
        value = binary_cross_entropy_with_logits(x @ (centre + offset), y, reduction="sum")
        value = value + strength / 2 * offset.square().sum()
        value.backward()
        return value

    with torch.enable_grad():
        optimizer.step(loss)
    return (centre + offset).detach().float()
