"""The network: a torchvision ResNet, a linear head on it, and ImageNet's own head beside."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torchvision import models

from service.sight import STAGES as STAGES
from training.sharpness import blur

IMAGENET_MEAN = (0.485, 0.456, 0.406)  # what torchvision subtracts, 0 to 1 ...
IMAGENET_STD = (0.229, 0.224, 0.225)  # ... and divides by
CAT_CLASSES = slice(281, 286)  # ImageNet's 5 domestic cats
DOG_CLASSES = slice(151, 269)  # ImageNet's 118 breeds of dog
PET_CLASSES = [*range(1000)[DOG_CLASSES], *range(1000)[CAT_CLASSES]]
OTHER_CLASSES = sorted(set(range(1000)) - set(PET_CLASSES))
BLUR_DISCOUNT = 2.8  # nats of evidence for other things that a blurred picture gives for nothing


class Outputs(NamedTuple):
    """What the network says of B pictures, and what each stage responded to.

    The exported graph gives the same, under these names.

    logits: (B, 2), cat and dog.
    novelty: (B,), 0 to 1: how much the ImageNet head's evidence for anything else exceeds
        its evidence for cats and dogs plus our own logit of the answer, and what `blur`
        alone accounts for. Without our own logit, the pets that only our head knows would
        be turned away: on 4,250 photographs, a threshold that turns away 0.3 % of pets
        rejects 99 % of other things with it, 96 % without. Without the last, a threshold
        would be right for pictures as sharp as those it was fitted on, and no others:
        docs/recipe.md.
    activation_map: (B, h, w), each place's contribution to the dog logit; its mean is
        `logits[:, 1] - logits[:, 0]` (Zhou et al., 2015, arXiv 1512.04150).
    features: (B, C), pooled.
    imagenet: (B, 1000), logits of the head that came with the trunk.
    stem: (B, 64, H/2, W/2), before the max pool, where edges are still sharp.
    layer1 to layer4: (B, C, h, w), from H/4 to H/32. All are results of a ReLU.
    """

    logits: Tensor
    novelty: Tensor
    activation_map: Tensor
    features: Tensor
    imagenet: Tensor
    stem: Tensor
    layer1: Tensor
    layer2: Tensor
    layer3: Tensor
    layer4: Tensor


class Standardize(nn.Module):
    """To ImageNet's mean and deviation, which lie beside the weights.

    Made anew for each batch they would cost a GPU two copies, and for each of these the
    processor waits until all that it was told before is done.
    """

    mean: Tensor
    std: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(IMAGENET_MEAN) * 255, persistent=False)
        self.register_buffer("std", torch.tensor(IMAGENET_STD) * 255, persistent=False)

    def forward(self, pixels: Tensor) -> Tensor:
        """(B, H, W, 3) uint8 RGB to (B, 3, H, W) float32."""
        return ((pixels.float() - self.mean) / self.std).permute(0, 3, 1, 2)


class CatDogNet(nn.Module):
    """ResNet trunk and one direction in its feature space that tells dogs from cats.

    The head has no intercept. With one, a head that has seen only blurred pictures
    calls most sharp ones dogs; without, it keeps its balance on pictures unlike those
    it learned from (docs/recipe.md has the figures).
    """

    def __init__(self, backbone: str, stride_in_1x1: bool = False) -> None:
        super().__init__()
        trunk = models.get_model(backbone)
        if stride_in_1x1:
            move_stride_to_1x1(trunk)
        self.imagenet_head = trunk.fc
        trunk.fc = nn.Identity()
        self.trunk = trunk
        self.head = nn.Linear(self.imagenet_head.in_features, 1, bias=False)
        self.standardize = Standardize()
        self.train()  # modules are born in training mode, and Lightning leaves them in it

    def load_pretrained(self, state: dict[str, Tensor]) -> None:
        """Fill trunk and ImageNet head from a torchvision ResNet's state dict."""
        trunk = {k: v for k, v in state.items() if not k.startswith("fc.")}
        self.trunk.load_state_dict(trunk)
        self.imagenet_head.load_state_dict({"weight": state["fc.weight"], "bias": state["fc.bias"]})

    def forward(self, pixels: Tensor) -> Outputs:
        """(B, H, W, 3) uint8 RGB to `Outputs`. This is what is exported, standardization inside."""
        maps = [edges(self.trunk, self.standardize(pixels))]
        below = self.trunk.maxpool(maps[0])
        for name in STAGES[1:]:
            below = stages(self.trunk, below, [name])
            maps.append(below)
        lacking = blur(pixels)  # (B,)
        last = below.float()  # (B, C, H/32, W/32)
        features = last.mean((2, 3))
        z = self.head(features)  # (B, 1), the dog's log-odds
        activation_map = torch.einsum("bchw,c->bhw", last, self.head.weight[0])
        logits = torch.cat([-z / 2, z / 2], 1)
        imagenet = self.imagenet_head(features)
        others = imagenet[:, OTHER_CLASSES].logsumexp(1)
        pets = imagenet[:, PET_CLASSES].logsumexp(1)
        novelty = torch.sigmoid(others - pets - logits.amax(1) - BLUR_DISCOUNT * lacking)
        return Outputs(logits, novelty, activation_map, features, imagenet, *maps)

    def train(self, mode: bool = True) -> "CatDogNet":
        """Batch norms stay in evaluation mode: their ImageNet statistics are kept.

        `requires_grad = False` alone does not do that: in training mode the running
        statistics move all the same.
        """
        super().train(mode)
        for module in self.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.eval()
        return self


def stages(trunk: models.ResNet, x: Tensor, names: Sequence[str]) -> Tensor:
    """Run the named ones of a ResNet's `STAGES`, in that order.

    Args:
        x: (B, 3, H, W) standardized RGB for the stem, else the maps of the stage before.
    """
    for name in names:
        x = trunk.maxpool(edges(trunk, x)) if name == "stem" else getattr(trunk, name)(x)
    return x


def edges(trunk: models.ResNet, x: Tensor) -> Tensor:
    """The stem before its max pool: standardized RGB (B, 3, H, W) to (B, 64, H/2, W/2)."""
    maps: Tensor = trunk.relu(trunk.bn1(trunk.conv1(x)))
    return maps


def move_stride_to_1x1(trunk: models.ResNet) -> None:
    """Stride as He et al. (2015) did: in the first 1x1 of stages 2 to 4, not in its 3x3."""
    for stage in (trunk.layer2, trunk.layer3, trunk.layer4):
        stage[0].conv1.stride = (2, 2)
        stage[0].conv2.stride = (1, 1)


def imagenet_direction(head: nn.Linear) -> Tensor:
    """What ImageNet's head already knows: mean dog weight minus mean cat weight, (C,)."""
    weight = head.weight.detach()
    return weight[DOG_CLASSES].mean(0) - weight[CAT_CLASSES].mean(0)
