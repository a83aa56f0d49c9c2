"""The service without a server.

python -m service predict a.jpg b.jpg    the same answers as over HTTP
python -m service model                  the tag of the model in service
python -m service models                 all promoted models, with their figures
python -m service rollback               the model before back into service
python -m service settings               every setting, as a Markdown table
"""

import argparse
import json
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from service import models, rollback, settings, store
from service.answer import Answer
from service.artifact import NEITHER, ArtifactError
from service.batch import batch
from service.engines import EngineError
from service.local import Local
from service.names import print_any_name, readable
from service.problems import Problem
from service.settings import SettingsError, from_environment
from service.store import NoModel, StoreError

NONE_PROMOTED = 3
_MODEL = settings.variable("model")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Returns:
        The exit status: 0; 1 if there is no sound model, none to roll back to, or any picture
        got no answer; 3 if `model` finds none in service; 130 for Ctrl-C.
    """
    options = _parser().parse_args(arguments)
    print_any_name()
    try:
        if options.command == "model":
            return _model(_wanted(options.model))
        if options.command == "models":
            return _models(as_json=options.json)
        if options.command == "settings":
            print(settings.table())
            return 0
        if options.command == "rollback":
            print(rollback.roll_back(options.tag).sentences())
            return 0
        return _predict(options.images, _wanted(options.model), as_json=options.json)
    except (StoreError, ArtifactError, EngineError, SettingsError) as exc:
        print(f"Error: {exc}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted.", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m service", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    commands = parser.add_subparsers(dest="command", required=True)
    predict = commands.add_parser("predict", help="tell cats from dogs in picture files")
    predict.add_argument("images", nargs="+", type=Path, metavar="IMAGE")
    predict.add_argument("--json", action="store_true", help="what /predict/batch would answer")
    model = commands.add_parser("model", help="print the exact tag of the model in service")
    every = commands.add_parser("models", help="list the promoted models, newest first")
    every.add_argument("--json", action="store_true", help="all figures, for machines")
    back = commands.add_parser("rollback", help="put the model before back into service")
    back.add_argument("tag", nargs="?", help="the model to put into service instead")
    commands.add_parser("settings", help="list the environment variables that are heeded")
    default = f"{_MODEL}'s, or {store.LATEST}"
    for command in (predict, model):
        command.add_argument("--model", help=f"tag (default: {default})")
    return parser


def _wanted(model: str | None) -> str:
    """The tag that the command line names, or else the environment."""
    return model or from_environment(os.environ).model


def _model(tag: str) -> int:
    """Print the exact tag; none in service is another exit status than anything that failed."""
    try:
        print(store.path_of(tag)[1])
    except NoModel as exc:
        if tag not in (store.NAME, store.LATEST):
            raise
        print(f"Error: {exc}", file=sys.stderr)
        return NONE_PROMOTED
    return 0


def _models(*, as_json: bool) -> int:
    found = models.listed()
    if as_json:
        print(json.dumps([model.model_dump() for model in found], indent=2))
    elif found:
        print(models.table(found))
    else:
        print("No model has been promoted. Run `make train` to make and promote one.")
    return 0


def _predict(paths: Sequence[Path], model: str, *, as_json: bool) -> int:
    local = Local(from_environment({**os.environ, _MODEL: model}))
    outcomes = []
    for path, outcome in local.predict(paths):
        name = readable(path)
        outcomes.append((name, outcome))
        if not as_json:
            is_good = isinstance(outcome, Answer)
            print(f"{name}: {_sentence(outcome)}", file=sys.stdout if is_good else sys.stderr)
    if as_json:
        print(json.dumps(batch(local.tag, outcomes).model_dump(), indent=2))
    return int(any(isinstance(outcome, Problem) for _, outcome in outcomes))


def _sentence(outcome: Answer | Problem) -> str:
    if isinstance(outcome, Problem):
        return outcome.detail
    if outcome.label == NEITHER:
        return f"neither (novelty {outcome.novelty:.3f})"
    return f"{outcome.label} {outcome.confidence:.3f} (novelty {outcome.novelty:.3f})"


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `head` has enough: end as others do
    sys.exit(main())
