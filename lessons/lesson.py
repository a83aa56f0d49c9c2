"""What each lesson hands to the page."""

from typing import NamedTuple


class Lesson(NamedTuple):
    """One chapter of the page.

    slug: its anchor, and the name of what it keeps, such as `sliding`.
    title: for people, plain text.
    html: its body: safe HTML of its own, text escaped; pictures as inline SVG or `data:` URLs.
    """

    slug: str
    title: str
    html: str
