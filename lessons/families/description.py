"""What a network that learned ImageNet makes of cats and dogs, without further training."""

import time

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import Tensor, nn
from torchvision import models

from data.errors import DataError
from lessons.families.figures import Pretrained
from lessons.pets.pictures import enlarged, pictures
from training import weights
from training.errors import TrainingError
from training.network import IMAGENET_MEAN, IMAGENET_STD, move_stride_to_1x1

SIDE = 128  # of the enlarged pictures
BATCH = 20
COUNT = 320  # of the training pictures: a fifth, to be done within half a minute


def pretrained(name: str) -> Pretrained | str:
    """What a network that knows ImageNet makes of the pictures; why not, if it cannot be had."""
    try:
        trunk, origin = _trunk(name)
    except (TrainingError, DataError) as exc:
        return str(exc).splitlines()[0]
    began = time.process_time()
    train_set, test_set = pictures()
    train_set = train_set.take(slice(None, None, len(train_set.labels) // COUNT))
    head = make_pipeline(StandardScaler(), LogisticRegression(C=1e-3, max_iter=1000))
    head.fit(described(trunk, train_set.images), train_set.labels.numpy())
    answers = head.predict(described(trunk, test_set.images))
    return Pretrained(
        origin=origin,
        n_train=len(train_set.labels),
        right=int((answers == test_set.labels.numpy()).sum()),
        cpu_s=round(time.process_time() - began, 1),
    )


def _trunk(name: str) -> tuple[nn.Module, str]:
    """Everything up to the last maps, with ImageNet's weights, and where they come from."""
    if name in weights.BACKBONES:
        found = weights.load(name, "auto")
    else:
        found = weights.from_torchvision(name)
    network = models.get_model(name)
    network.load_state_dict(found.state, strict=not found.stride_in_1x1)
    if found.stride_in_1x1:
        move_stride_to_1x1(network)
    trunk = network.features if hasattr(network, "features") else _headless(network)
    return trunk.eval().to(memory_format=torch.channels_last), found.origin


def _headless(resnet: models.ResNet) -> nn.Module:
    return nn.Sequential(*list(resnet.children())[:-2])  # without pooling and `fc`


@torch.inference_mode()
def described(trunk: nn.Module, images: Tensor) -> np.ndarray:
    """(N, 3, 32, 32), -1 to 1, to (N, C): the mean over each of the last maps."""
    mean, std = (torch.tensor(of)[:, None, None] for of in (IMAGENET_MEAN, IMAGENET_STD))
    found = []
    for at in range(0, len(images), BATCH):
        standardized = ((enlarged(images[at : at + BATCH], SIDE) + 1) / 2 - mean) / std
        maps = trunk(standardized.contiguous(memory_format=torch.channels_last))
        found.append(maps.mean((2, 3)))
    features: np.ndarray = torch.cat(found).numpy()
    return features
