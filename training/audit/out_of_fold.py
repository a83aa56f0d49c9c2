"""What heads say of pictures that they were not solved on."""

import numpy as np
import torch
from sklearn.model_selection import StratifiedGroupKFold
from torch import Tensor
from tqdm import tqdm

from training import head
from training.errors import TrainingError

FOLDS = 5


def logits(features: Tensor, is_dog: np.ndarray, groups: np.ndarray, prior: Tensor) -> np.ndarray:
    """The log-odds of a dog against a cat, for each picture by a head that knows it not.

    Near duplicates are in one fold, or a picture's twin would vouch for its label.

    Args:
        features: (N, C).
        is_dog: (N,) 1 for a dog, 0 for a cat, -1 for what no head may be solved on: the
            mean of all heads judges that.
        groups: (N,) int, equal for near duplicates.
        prior: (C,), from `training.network.imagenet_direction`.
    Returns:
        (N,) float64, not calibrated.
    Raises:
        TrainingError: hardly any picture differs from the others.
    """
    pets = np.flatnonzero(is_dog >= 0)
    n_different = len(np.unique(groups[pets]))
    if n_different < FOLDS:
        raise TrainingError(
            f"The {len(pets)} cats and dogs are near duplicates of each other: {n_different} "
            f"differ, and at least {FOLDS} must for one to be judged by the others. Add pictures."
        )
    folds = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=0)
    parts = list(folds.split(pets, is_dog[pets], groups[pets]))
    logit = np.zeros(len(is_dog))
    for known, unknown in tqdm(parts, desc="Heads", unit=" folds"):
        solved_on = pets[known]
        weight = head.solve(features[solved_on], torch.tensor(is_dog[solved_on]), prior)
        said = (features @ weight).numpy().astype(np.float64)
        logit[pets[unknown]] = said[pets[unknown]]
        logit[is_dog < 0] += said[is_dog < 0] / FOLDS
    return logit
