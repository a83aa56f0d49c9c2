"""fastai's side of benchmarks/time_to_99: what its users write, on the pictures it is given.

Runs in a virtual environment that has fastai and nothing of this project. FOLDER holds
job.json and weights.pt, both made by fastai_side.py; answers.json is written beside them:

    python fastai_contestant.py FOLDER
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

import fastai
import torch
import torchvision
from fastai.vision.all import (
    CategoryBlock,
    ImageDataLoaders,
    Resize,
    aug_transforms,
    models,
    set_seed,
    vision_learner,
)
from fastai.vision.learner import model_meta

SIDE = 224


def main(folder: Path) -> None:
    """Fine-tune, note the moment, then answer for the test pictures."""
    job = json.loads((folder / "job.json").read_text())
    set_seed(job["seed"])
    data = ImageDataLoaders.from_lists(
        "/",
        [path for path, _ in job["train"]],
        [label for _, label in job["train"]],
        valid_pct=0.0,  # not timed for validation; it gets the whole training part
        y_block=CategoryBlock,
        item_tfms=Resize(SIDE),
        batch_tfms=aug_transforms(),
        bs=job["batch_size"],
    )
    learner = vision_learner(data, pretrained_architecture(folder, job["stride_in_1x1"]))
    learner.fine_tune(1)
    trained_at = time.time()

    test = data.test_dl([path for path, _ in job["test"]])
    probabilities, _ = learner.get_preds(dl=test)
    answers = {
        "trained_at": trained_at,
        "labels": [data.vocab[int(i)] for i in probabilities.argmax(1)],
        "versions": {
            "fastai": fastai.__version__,
            "torch": torch.__version__,
            "torchvision": torchvision.__version__,
        },
    }
    temporary = folder / ".answers.json"
    temporary.write_text(json.dumps(answers))
    temporary.rename(folder / "answers.json")


def pretrained_architecture(folder: Path, stride_in_1x1: bool) -> Any:
    """An architecture that fastai takes for a pretrained resnet50 of its own.

    It gets the meta data of torchvision's: cut, split into groups of layers, ImageNet's mean
    and deviation; only the weights come from FOLDER, not from a download.
    """

    def resnet50(weights: object = None) -> Any:
        assert weights is not None, "fastai was to ask for pretrained weights"
        network = models.resnet50(weights=None)
        if stride_in_1x1:  # as these weights were trained (He et al., 2015)
            for stage in (network.layer2, network.layer3, network.layer4):
                stage[0].conv1.stride = (2, 2)
                stage[0].conv2.stride = (1, 1)
        network.load_state_dict(torch.load(folder / "weights.pt", weights_only=True))
        return network

    model_meta[resnet50] = model_meta[models.resnet50]
    return resnet50


if __name__ == "__main__":
    main(Path(sys.argv[1]))
