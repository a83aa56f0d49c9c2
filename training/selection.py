"""Which of a run's networks is exported: the one with the lowest validation log loss."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from data.picture import VAL
from training import calibration
from training.datamodule import PictureData
from training.errors import TrainingError
from training.features import pooled_features
from training.network import CatDogNet
from training.pictures import targets
from training.run import Run
from training.stage_one import CHECKPOINT

State = dict[str, Tensor]
PREFIX = "network."  # of the network's weights in a checkpoint


class Checkpoint(NamedTuple):
    """What a checkpoint holds of the network."""

    state: State
    backbone: str
    stride_in_1x1: bool
    origin: str  # where its ImageNet weights came from


class Chosen(NamedTuple):
    """The network that goes on, in evaluation mode.

    log_losses, accuracies: candidate -> its figure on the validation part, of all candidates.
    """

    network: CatDogNet
    name: str
    log_losses: dict[str, float]
    accuracies: dict[str, float]
    checkpoint: Checkpoint


def choose(run: Run, data: PictureData) -> Chosen:
    """Judge stage one, stage two and the mean of their weights on the validation part.

    Stage one is among them, so that fine-tuning never ends worse than it began.

    Raises:
        TrainingError: the run has no checkpoints, or what is there is none of ours.
    """
    solved = read(run.checkpoints / CHECKPOINT)
    network = CatDogNet(solved.backbone, solved.stride_in_1x1)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    network = network.to(memory_format=torch.channels_last).to(device)
    log_losses: dict[str, float] = {}
    accuracies: dict[str, float] = {}
    rows = data.manifest.part(VAL)
    is_dog = targets(rows)
    best: State = {}
    for name, state in candidates(run):
        network.load_state_dict(state)
        features = pooled_features(network, rows, f"Judging {name}", workers=data.workers)
        logit = features @ state["head.weight"][0]
        log_losses[name] = scaled_log_loss(logit, is_dog)
        accuracies[name] = float(((logit > 0) == is_dog.bool()).float().mean())
        if log_losses[name] <= min(log_losses.values()):
            best = state
    network.load_state_dict(best)
    winner = min(log_losses, key=log_losses.__getitem__)
    return Chosen(network.cpu().eval(), winner, log_losses, accuracies, solved)


def candidates(run: Run) -> Iterator[tuple[str, State]]:
    """The networks to choose from, by name."""
    solved = read(run.checkpoints / CHECKPOINT).state
    yield "stage one", solved
    # The last epoch, not the best: before the learning rate has come down, an epoch can look
    # good on a few hundred validation pictures (90.5 %) and not be so on test (86.3 %).
    tuned = read(run.last).state
    yield "stage two", tuned
    yield "mean of both", {name: mean(solved[name], tuned[name]) for name in solved}


def scaled_log_loss(logit: Tensor, is_dog: Tensor) -> float:
    """Log loss at the best temperature: what the service's confidence will be worth.

    Unscaled, a network trained on smoothed labels would lose by its modesty alone.

    Args:
        logit: (N,) log-odds of a dog.
        is_dog: (N,) 0 or 1.
    """
    logits = torch.stack([-logit / 2, logit / 2], 1).numpy()
    labels = is_dog.long().numpy()
    return calibration.log_loss(logits / calibration.temperature(logits, labels), labels)


def mean(solved: Tensor, tuned: Tensor) -> Tensor:
    """Half way from one end of fine-tuning to the other.

    Networks fine-tuned from one start are joined by a path of low loss, and its middle
    is often better than either end, on pictures unlike the training set's above all
    (Wortsman et al., 2021, arXiv 2109.01903).
    """
    return torch.lerp(solved, tuned, 0.5) if solved.is_floating_point() else solved


def read(path: Path) -> Checkpoint:
    """Read a Lightning checkpoint: plain tensors only, nothing is unpickled.

    Raises:
        TrainingError: there is none, or it is none of ours.
    """
    try:
        saved = torch.load(path, map_location="cpu", weights_only=True)
        state = {
            name.removeprefix(PREFIX): weight
            for name, weight in saved["state_dict"].items()
            if name.startswith(PREFIX)
        }
        return Checkpoint(state, **saved["catdog"])
    except FileNotFoundError as exc:
        raise TrainingError(f"{path} is not there: run `make train` again.") from exc
    except Exception as exc:  # torch raises whatever its zip and pickle readers do
        raise TrainingError(f"{path} is not a checkpoint of this project: {exc}") from exc
