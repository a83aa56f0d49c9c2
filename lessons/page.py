"""All lessons as one page that needs nothing else: no network, no other file."""

from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from lessons.lesson import Lesson

HERE = Path(__file__).parent


def render(lessons: Sequence[Lesson]) -> str:
    """The page; the same lessons give the same text.

    Its scripts and styles have no attributes: service/lessons.py names their digests.
    """
    environment = Environment(
        loader=FileSystemLoader((HERE / "templates", HERE / "scripts")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    scripts = sorted(path.name for path in (HERE / "scripts").glob("*.js"))
    return environment.get_template("page.html").render(lessons=lessons, scripts=scripts)
