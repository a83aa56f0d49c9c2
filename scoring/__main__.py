"""Any number of pictures, on this machine or on the Ray cluster that RAY_ADDRESS names.

python -m scoring IN OUT

IN: a folder, a list of paths and addresses (.txt), Parquet with bytes or addresses, a WebDataset
tar, at a path or at an address (s3://, gs://, hdfs:// ...). OUT: a folder for Parquet files, at one
likewise. The same command again goes on where an interrupted one was. docs/scoring.md says more.
"""

import argparse
import json
import sys
from collections.abc import Sequence

from scoring import job
from scoring.arguments import positive
from scoring.errors import ScoringError
from scoring.job import Job
from scoring.plan import SHARDS, USUAL_SHARD
from service.artifact import ArtifactError
from service.engines import EngineError
from service.settings import SettingsError, variable
from service.store import LATEST, StoreError

EXPECTED = (ScoringError, StoreError, ArtifactError, EngineError, SettingsError)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one job; the exit status: 0, 1 for what the user can mend, 130 for Ctrl-C.

    A picture without an answer is a row of the output, and no reason to fail.
    """
    options = vars(_parser().parse_args(arguments))
    as_json = options.pop("json")
    try:
        summary = job.run(Job(**options))
    except EXPECTED as exc:
        print(f"Error: {exc}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted. Run the same command again to go on from here.", file=sys.stderr)
        return 130
    print(json.dumps(summary.figures(), indent=2) if as_json else summary.text())
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m scoring", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("source", metavar="IN", type=_named)
    parser.add_argument("out", metavar="OUT", type=_named)
    default = f"the one OUT was begun with, {variable('model')}'s, or {LATEST}"
    parser.add_argument("--model", help=f"tag (default: {default})")
    parser.add_argument("--column", help="of Parquet files: the pictures, or their addresses")
    parser.add_argument(
        "--shard",
        type=int,
        choices=SHARDS,
        help=f"pictures of each file (default: {USUAL_SHARD}, fewer where there are few)",
    )
    parser.add_argument("--decoders", type=positive, help="at once (default: one a core)")
    parser.add_argument(
        "--scorers", type=positive, help="models at once (default: one a GPU, else see --threads)"
    )
    parser.add_argument(
        "--threads", type=positive, default=1, help="cores of a model (default: %(default)s)"
    )
    parser.add_argument("--json", action="store_true", help="print the summary for machines")
    return parser


def _named(text: str) -> str:
    if not text.strip():  # as `make score` without IN= or OUT= has it; not the current folder
        raise argparse.ArgumentTypeError("it is empty; make score IN=pictures OUT=folder")
    return text


if __name__ == "__main__":
    sys.exit(main())
