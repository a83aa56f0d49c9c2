"""What each step of the recipe is worth: on its own test part, and on pictures unlike it.

python -m benchmarks.recipe RUN PHOTOGRAPHS [--out FILE.json]

RUN is a training run on the starter set, PHOTOGRAPHS a folder with cat/ and dog/ of which
it has seen nothing. Prints a table, and writes it to benchmarks/results/recipe.json, with the
run, its seed and model, and the machine.
"""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
import yaml
from torch import Tensor

from benchmarks import machine, record
from data.manifest import Manifest, build
from data.picture import SPLITS, TEST, TRAIN, Row
from data.source import resolve
from service.artifact import LABELS
from training import run as runs
from training.features import pooled_features
from training.head import solve
from training.judging import interval
from training.network import CatDogNet, imagenet_direction
from training.pictures import targets
from training.selection import candidates, read
from training.stage_one import CHECKPOINT

RESULT = Path(__file__).parent / "results" / "recipe.json"
SAMPLE = 4  # every fourth photograph
FEW = 20  # training pictures, to see what the prior is for

Pictures = tuple[Tensor, Tensor]  # pooled features (N, C), and 1 for each dog (N,)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("run")
    parser.add_argument("photographs")
    parser.add_argument("--out", type=Path, default=RESULT, help="(default: %(default)s)")
    options = parser.parse_args(arguments)
    run = runs.find(options.run)
    photographs = _sample(build(resolve(options.photographs)))
    rows = [
        {"recipe": name, **{part: _figures(*figures) for part, figures in parts.items()}}
        for name, parts in _measure(run, Manifest.load(run.manifest), photographs)
    ]
    record.write(options.out, _about(run) | {"recipes": rows})
    for row in rows:
        print(f"| {row['recipe']} | {_cell(row['starter test'])} | {_cell(row['photographs'])} |")


def _about(run: runs.Run) -> dict[str, object]:
    """What the figures are of, and where they were measured."""
    start = read(run.checkpoints / CHECKPOINT)
    return {
        "run": run.folder.name,
        "seed": yaml.safe_load(run.config.read_text())["seed_everything"],
        "model": {
            "backbone": start.backbone,
            "weights": start.origin,
            "tag": run.state.get("tag", "none"),
        },
        "machine": machine.description(),
    }


def _measure(
    run: runs.Run, starter: Manifest, photographs: Sequence[Row]
) -> Iterator[tuple[str, dict[str, tuple[int, int]]]]:
    start = read(run.checkpoints / CHECKPOINT)
    network = CatDogNet(start.backbone, start.stride_in_1x1)
    network = network.to(memory_format=torch.channels_last)

    def pooled(rows: Sequence[Row], name: str) -> Pictures:
        return pooled_features(network, rows, name), targets(rows)

    def features() -> dict[str, Pictures]:
        return {
            "starter test": pooled(starter.part(TEST), "starter test"),
            "photographs": pooled(photographs, "photographs"),
        }

    network.load_state_dict(start.state)
    train, is_dog = pooled(starter.part(TRAIN), "train")
    prior = imagenet_direction(network.imagenet_head)
    frozen = features()
    yield "ImageNet's direction, untrained", _right(frozen, prior)
    one = torch.ones(len(train), 1) * 1000.0  # so large that its weight is hardly regularized
    with_intercept = solve(torch.cat([train, one], 1), is_dog, torch.zeros(len(prior) + 1))
    yield (
        "head with intercept",
        _right(frozen, with_intercept[:-1], 1000.0 * float(with_intercept[-1])),
    )
    yield "head without intercept", _right(frozen, solve(train, is_dog, torch.zeros_like(prior)))
    few = torch.randperm(len(train), generator=torch.Generator().manual_seed(1))[:FEW]
    for name, centre in (("without prior", torch.zeros_like(prior)), ("with prior", prior)):
        weight = solve(train[few], is_dog[few], centre)
        yield f"head on {FEW} pictures, {name}", _right(frozen, weight)
    for name, state in candidates(run):
        network.load_state_dict(state)
        yield name, _right(features(), network.head.weight.detach()[0])


def _right(
    pictures: dict[str, Pictures], weight: Tensor, intercept: float = 0.0
) -> dict[str, tuple[int, int]]:
    """How many of how many are right, for each part."""
    return {
        part: (int(((x @ weight + intercept > 0) == is_dog.bool()).sum()), len(is_dog))
        for part, (x, is_dog) in pictures.items()
    }


def _figures(right: int, n: int) -> dict[str, float]:
    return interval(right, n).model_dump()


def _cell(figures: object) -> str:
    assert isinstance(figures, dict)
    return f"{figures['value']:.1%} ({figures['low']:.1%} to {figures['high']:.1%})"


def _sample(manifest: Manifest) -> list[Row]:
    """Every fourth cat or dog, of all parts: none of them was trained on."""
    return [row for split in SPLITS for row in manifest.part(split, LABELS)][::SAMPLE]


if __name__ == "__main__":
    main()
