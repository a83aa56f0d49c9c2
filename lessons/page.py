"""All lessons as one page that needs nothing else: no network, no other file."""

from collections.abc import Sequence
from pathlib import Path

from lessons.lesson import Lesson
from training import pages

HERE = Path(__file__).parent


def render(lessons: Sequence[Lesson]) -> str:
    """The page; the same lessons give the same text.

    Its scripts and styles have no attributes: service/lessons.py names their digests.
    """
    environment = pages.environment(HERE / "templates", HERE / "scripts")
    environment.keep_trailing_newline = True
    scripts = sorted(path.name for path in (HERE / "scripts").glob("*.js"))
    return environment.get_template("page.html").render(lessons=lessons, scripts=scripts)
