"""`python -m training`: fit, release (export, judge, promote, report), evaluate, audit."""

import argparse
import json
import sys
from pathlib import Path

from data import command
from data.errors import DataError
from service import store
from service.artifact import ArtifactError
from service.names import print_any_name
from service.store import StoreError
from training import disk
from training.decision import Decision
from training.errors import TrainingError
from training.run import Run

EXPECTED = (TrainingError, DataError, StoreError, ArtifactError)


def main(arguments: list[str] | None = None) -> int:
    """Run one subcommand; 0 if all went well, 1 with a sentence if the user can mend it."""
    arguments = sys.argv[1:] if arguments is None else arguments
    print_any_name()
    try:
        if arguments[:1] == ["fit"]:
            from training import fit  # Lightning takes seconds to import

            fit.main(arguments)
            return 0
        options = _parser().parse_args(arguments)
        return int(options.command(options))
    except EXPECTED as exc:
        print(f"Error: {_sentence(exc)}", file=sys.stderr)
        return 1
    except OSError as exc:
        if not disk.is_full(exc):
            raise
        path = Path(exc.filename) if isinstance(exc.filename, str) else None
        print(f"Error: {disk.refusal(path, exc)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        again = "without RESUME=false, to go on" if arguments[:1] == ["fit"] else "to do it"
        print(f"\nInterrupted. Run the same command again, {again}.", file=sys.stderr)
        return 130


def _sentence(exc: Exception) -> str:
    """Its message. Of what a loader's worker raised, torch makes the traceback the message."""
    return str(exc).rpartition(f"{type(exc).__module__}.{type(exc).__qualname__}: ")[2].strip()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    commands.add_parser(
        "fit",
        help="train: fit --config training/configs/default.yaml --data.source FOLDER",
    )
    release = commands.add_parser(
        "release", help="export a trained run, judge it, and promote it if it is not worse"
    )
    release.add_argument("run", nargs="?", help="a folder under runs/ (default: trained last)")
    release.set_defaults(command=_release)
    evaluate = commands.add_parser("evaluate", help="judge an exported model on labelled pictures")
    evaluate.add_argument("source", help="starter, oxford-pets, or a folder of labelled pictures")
    evaluate.add_argument(
        "--model", default=store.LATEST, help="a tag or an artifact's folder (default: %(default)s)"
    )
    evaluate.add_argument(
        "--json", action="store_true", help="print JSON instead of a table; no report"
    )
    evaluate.set_defaults(command=_evaluate)
    audit = commands.add_parser(
        "audit", help="find wrong labels, duplicates and pictures of neither; docs/audit.md"
    )
    audit.add_argument("source", help="starter, oxford-pets, or a folder of labelled pictures")
    audit.add_argument(
        "--out", type=command.path, help="folder to write to (default: one under runs/)"
    )
    for word, what in (("exclude", "pictures left out"), ("relabel", "labels corrected")):
        audit.add_argument(
            f"--{word}", type=command.path, metavar="CSV", help=f"{what} by an earlier audit"
        )
    audit.add_argument("--backbone", default="resnet50", help="(default: %(default)s)")
    audit.add_argument(
        "--weights", default="auto", help="torchvision, npm or a file (default: %(default)s)"
    )
    audit.set_defaults(command=_audit)
    return parser


def _release(options: argparse.Namespace) -> int:
    from training import promotion, report, run

    found = run.find(options.run)
    found.hold()
    if found.state["state"] == run.RELEASED:
        print(f"{found.folder} was released before: {found.state['decision']}")
    else:
        decision, tag = promotion.unrecorded(found) or _judged(found)
        print(decision.reason)
        if tag:
            print(f"In service from the next start: {tag}", flush=True)
    if not found.report.is_file():
        report.write(found)
    print(f"Report: {found.report}")
    return 0


def _judged(found: Run) -> tuple[Decision, str | None]:
    """Export a run and let the gate decide."""
    from training import export, promotion, resumption

    try:
        export.export(found)
        return promotion.promote(found)
    except DataError as exc:
        raise resumption.with_a_way_out(exc) from exc


def _evaluate(options: argparse.Namespace) -> int:
    from training import evaluation

    result = evaluation.evaluate(options.source, options.model, for_report=not options.json)
    if options.json:
        figures = {**result._asdict(), "metrics": result.metrics.model_dump()}
        del figures["shown"]
        print(json.dumps(figures, indent=2))
        return 0
    print(evaluation.table(result), flush=True)
    if result.shown is None:
        print("\nNo report: the model was exported before it could say where it looks.")
    else:
        print(f"\nReport: {evaluation.write_report(result)}")
    return 0


def _audit(options: argparse.Namespace) -> int:
    from training import audit

    result = audit.audit(
        options.source,
        options.out,
        backbone=options.backbone,
        weights=options.weights,
        exclude=options.exclude,
        relabel=options.relabel,
    )
    print(audit.table(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
