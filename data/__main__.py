"""python -m data DATA: what a data set holds, which files don't count, and why."""

import argparse
import sys
from collections.abc import Sequence

from data import command, manifest_csv
from data.folder import LAYOUTS
from data.manifest import Manifest, build
from data.picture import summed_up
from data.source import NAMED, resolve
from data.split import Fractions
from service.artifact import ALL_LABELS

_EXCLUDED_SHOWN = 10


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; the exit status: 0, 1 for a `DataError`, 130 for Ctrl-C."""
    arguments = _parser().parse_args(argv)
    return command.status_of(lambda: _scan(arguments))


def _scan(arguments: argparse.Namespace) -> None:
    if arguments.out:
        manifest_csv.require_place(arguments.out)
    fractions = Fractions(arguments.test_fraction, arguments.val_fraction)
    previous = Manifest.load(arguments.previous) if arguments.previous else None
    manifest = build(resolve(arguments.data), previous, fractions)
    print(report(manifest))
    if arguments.out:
        manifest.save(arguments.out)
        print(f"written to {arguments.out}")


def report(manifest: Manifest) -> str:
    """Counts by part and label, the first excluded files with reasons, the digest."""
    counts = manifest.counts
    lines = [f"{'':8}" + "".join(f"{label:>9}" for label in ALL_LABELS)]
    for split, of in counts.items():
        lines.append(f"{split:8}" + "".join(f"{of[label]:9,}" for label in ALL_LABELS))
    totals = (sum(of[label] for of in counts.values()) for label in ALL_LABELS)
    lines.append(f"{'total':8}" + "".join(f"{total:9,}" for total in totals))
    if manifest.excluded:
        lines.append(f"\n{summed_up(manifest.excluded)}")
        shown = manifest.excluded[:_EXCLUDED_SHOWN]
        lines += [f"  {file.path}: {file.reason}" for file in shown]
        if more := len(manifest.excluded) - len(shown):
            lines.append(f"  and {more:,} more")
    return "\n".join([*lines, f"\ndigest {manifest.digest}"])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m data",
        description="Scan a data set, split it by content, and say what counts and what doesn't.",
    )
    default = Fractions()
    parser.add_argument("data", metavar="DATA", help=f"{', '.join(NAMED)}, or {LAYOUTS}")
    parser.add_argument("--out", type=command.path, metavar="CSV", help="write the manifest here")
    parser.add_argument(
        "--previous",
        type=command.path,
        metavar="CSV",
        help="an earlier manifest of these pictures: what it lists keeps its side",
    )
    for split in ("test", "val"):
        parser.add_argument(
            f"--{split}-fraction",
            type=float,
            default=getattr(default, split),
            metavar="F",
            help=f"share of the pictures that go to {split} (default: %(default)s)",
        )
    return parser


if __name__ == "__main__":
    sys.exit(main())
