"""Both networks, from several seeds, on the same digits."""

import time

import numpy as np
import pytorch_lightning as pl
import torch
from PIL import Image
from scipy.stats import binomtest
from torch.utils.data import DataLoader, TensorDataset

from lessons import kept
from lessons.digits import mnist
from lessons.digits.classifier import Classifier, to_tensor
from lessons.digits.figures import Figures, Mistake, Pair, Training, accuracy
from lessons.digits.mnist import Digits, Source, Split
from lessons.digits.networks import NETWORKS
from service.drawing import data_uri
from training import advice

SEEDS = (1, 2, 3)
EPOCHS = 10
BATCH = 128


def train(source: Source = "npm", seeds: tuple[int, ...] = SEEDS, epochs: int = EPOCHS) -> Figures:
    """Train each network from each seed, and test it once, at the end.

    Raises:
        DataError: the digits cannot be had.
    """
    began = time.monotonic()
    split = mnist.split(source)
    trainings: dict[str, list[Training]] = {name: [] for name in NETWORKS}
    answers: dict[str, list[np.ndarray]] = {name: [] for name in NETWORKS}
    kernels: list[list[list[float]]] = []
    for seed in seeds:
        for name in NETWORKS:
            classifier, training, answered = _train_one(name, split, seed, epochs)
            trainings[name].append(training)
            answers[name].append(answered)
            kernels = kernels or _kernels(classifier)
    pairs = zip(seeds, answers["perceptron"], answers["convnet"], strict=True)
    return Figures(
        run=kept.run(time.monotonic() - began, "torch", "pytorch-lightning"),
        source=source,
        counts=(len(split.train.labels), len(split.validation.labels), len(split.test.labels)),
        batch=BATCH,
        epochs=epochs,
        trainings=trainings,
        pairs=[_pair(seed, a == split.test.labels, b == split.test.labels) for seed, a, b in pairs],
        mistakes=_mistakes(split.test, {name: answers[name][0] for name in NETWORKS}),
        kernels=kernels,
    )


def _train_one(
    name: str, split: Split, seed: int, epochs: int
) -> tuple[Classifier, Training, np.ndarray]:
    """The trained network, its figures, and what it takes each test digit for."""
    began = time.monotonic()
    pl.seed_everything(seed, verbose=False)
    # channels last: the convolutions take two thirds of the time (one core with AVX2)
    network = NETWORKS[name]().to(memory_format=torch.channels_last)
    classifier = Classifier(network)
    advice.hush()
    trainer = pl.Trainer(
        accelerator="cpu",
        max_epochs=epochs,
        logger=False,
        enable_checkpointing=False,
        enable_model_summary=False,
        enable_progress_bar=False,
        num_sanity_val_steps=0,
    )
    trainer.fit(classifier, _batches(split.train, shuffle=True), _batches(split.validation))
    answered = answers(classifier, split.test)
    right = int(np.sum(answered == split.test.labels))
    training = Training(
        seed=seed,
        history=classifier.history,
        test=accuracy(right, len(answered)),
        seconds=round(time.monotonic() - began, 1),
    )
    print(f"{name}, seed {seed}: {training.test.value:.2%} in {training.seconds:.0f} s", flush=True)
    return classifier, training, answered


def _batches(digits: Digits, shuffle: bool = False) -> "DataLoader[tuple[torch.Tensor, ...]]":
    dataset = TensorDataset(to_tensor(digits), torch.from_numpy(digits.labels))
    return DataLoader(dataset, BATCH, shuffle=shuffle)


@torch.inference_mode()
def answers(classifier: Classifier, digits: Digits) -> np.ndarray:
    """What it takes each for: (N,)."""
    classifier.eval()
    answered: np.ndarray = classifier(to_tensor(digits)).argmax(1).numpy()
    return answered


def _pair(seed: int, perceptron: np.ndarray, convnet: np.ndarray) -> Pair:
    """Of the same digits: True where right."""
    only_perceptron = int(np.sum(perceptron & ~convnet))
    only_convnet = int(np.sum(convnet & ~perceptron))
    uneven = only_perceptron + only_convnet
    return Pair(
        seed=seed,
        only_perceptron=only_perceptron,
        only_convnet=only_convnet,
        neither=int(np.sum(~perceptron & ~convnet)),
        p_value=float(binomtest(only_perceptron, uneven).pvalue) if uneven else 1.0,
    )


def _mistakes(test: Digits, answered: dict[str, np.ndarray]) -> list[Mistake]:
    """Every digit that one of them got wrong."""
    wrong = np.any([a != test.labels for a in answered.values()], axis=0)
    return [
        Mistake(
            label=int(test.labels[i]),
            # as small as can be: it is made once, and kept
            picture=data_uri(Image.fromarray(test.images[i]), "PNG", optimize=True),
            answers={name: int(a[i]) for name, a in answered.items()},
        )
        for i in np.flatnonzero(wrong)
    ]


def _kernels(classifier: Classifier) -> list[list[list[float]]]:
    """The first layer's, if it is a convolution: (F, K, K), to four digits."""
    first = classifier.network[0]
    if not isinstance(first, torch.nn.Conv2d):
        return []
    weights: list[list[list[float]]] = (
        first.weight[:, 0].detach().double().numpy().round(4).tolist()
    )
    return weights
