"""`python -m lessons`: train what is trained, keep the figures, write the page."""

import argparse
import os
import sys
import time
from pathlib import Path

from data.errors import DataError
from lessons import contents, page
from lessons.kept import write
from training.errors import TrainingError

PAGE = Path(__file__).parent.parent / "service" / "lessons.html"


def main(arguments: list[str] | None = None) -> int:
    """0 if all went well, 1 with a sentence if the user can mend it, 130 for Ctrl-C."""
    options = _parser().parse_args(arguments)
    try:
        _insist_on_a_place(options.out)
        if options.command == "train":
            train(options.only)
        text = page.render([lesson() for lesson in contents.LESSONS])
        write(options.out, text)
    except (DataError, TrainingError) as exc:
        print(f"Error: {exc}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted.", file=sys.stderr)
        return 130
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


def _insist_on_a_place(out: Path) -> None:
    """Of the page, before anything is trained for it.

    Raises:
        TrainingError: it cannot be written there.
    """
    try:
        is_taken = out.exists() and not out.is_file()
        is_folder_there = out.parent.is_dir()
    except OSError as exc:
        raise TrainingError(f"--out {out} cannot be written: {exc.strerror}.") from exc
    if is_taken:
        raise TrainingError(f"--out {out} is there, and no file. Name a file, as lessons.html.")
    if not is_folder_there:
        raise TrainingError(
            f"--out {out} cannot be written: there is no folder {out.parent}. Make it, or name a "
            "file elsewhere."
        )
    if not os.access(out.parent, os.W_OK | os.X_OK):
        raise TrainingError(
            f"--out {out} cannot be written: {out.parent} lets you write nothing. Name a file "
            "elsewhere."
        )


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
