"""`python -m lessons`: train what is trained, keep the figures, write the page."""

import argparse
import sys
import time
from pathlib import Path

from data.errors import DataError
from lessons import contents, page
from lessons.kept import write
from training.errors import TrainingError

PAGE = Path(__file__).parent.parent / "service" / "lessons.html"


def main(arguments: list[str] | None = None) -> int:
    """0 if all went well, 1 with a sentence if the user can mend it."""
    options = _parser().parse_args(arguments)
    try:
        if options.command == "train":
            train(options.only)
        text = page.render([lesson() for lesson in contents.LESSONS])
    except (DataError, TrainingError) as exc:
        print(f"Error: {exc}", file=sys.stderr)
        return 1
    write(options.out, text)
    print(f"The lessons: {options.out} ({len(text.encode()) / 1e3:,.0f} kB)")
    return 0


def train(only: list[str]) -> None:
    """Make the figures of the lessons named, or of all that train."""
    for lesson in contents.kept():
        if not only or lesson.slug in only:
            print(f"== {lesson.slug}", flush=True)
            began = time.monotonic()
            lesson.keep()
            print(f"{lesson.file}: {time.monotonic() - began:.0f} s", flush=True)


def _parser() -> argparse.ArgumentParser:
    slugs = [lesson.slug for lesson in contents.kept()]
    parser = argparse.ArgumentParser(prog="python -m lessons", description=__doc__)
    parser.add_argument(
        "command",
        nargs="?",
        choices=("train", "page"),
        default="train",
        help="page: only write the page, from figures that are kept (default: %(default)s)",
    )
    parser.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="LESSON",
        choices=slugs,
        help=f"train this one, and no other unless named too: {', '.join(slugs)}",
    )
    parser.add_argument(
        "--out", type=Path, default=PAGE, help="where the page goes (default: %(default)s)"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
