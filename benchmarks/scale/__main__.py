"""What a billion pictures and 100,000 requests a second take: the tables of docs/scale.md.

python -m benchmarks.scale [--write]

They are computed from what the other benchmarks keep in benchmarks/results/ and from
benchmarks/scale/assumptions.toml. With --write they replace those in docs/scale.md.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.errors import BenchmarkError
from benchmarks.scale.rates import Rates, assumed, measured
from benchmarks.scale.tables import TABLES

PAGE = Path("docs/scale.md")


def main(arguments: Sequence[str] | None = None) -> int:
    """Print or write; 1 for what the user can mend."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--write", action="store_true", help=f"into {PAGE}")
    options = parser.parse_args(arguments)
    try:
        found = assumed() | measured()
    except BenchmarkError as exc:
        print(f"Error: {exc}", file=sys.stderr)
        return 1
    if options.write:
        PAGE.write_text(filled(PAGE.read_text(), found))
    else:
        print("\n\n".join(table(found) for table in TABLES.values()))
    return 0


def filled(page: str, found: Rates) -> str:
    """The page with each table anew between its two comments."""
    for name, table in TABLES.items():
        begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
        before, is_there, rest = page.partition(begin)
        _, ends_there, after = rest.partition(end)
        assert is_there, f"{PAGE} lacks {begin}"
        assert ends_there, f"{PAGE} lacks {end}"
        page = f"{before}{begin}\n{table(found)}\n{end}{after}"
    return page


if __name__ == "__main__":
    sys.exit(main())
