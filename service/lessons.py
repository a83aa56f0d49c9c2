"""The lessons: a page in one file that `make lessons` writes, and the policy that it runs under.

Its scripts and styles are inline, so that the file works by itself; the policy names the digest
of each, and allows no others. It allows no connection either: photographs stay in the browser.
"""

import base64
import hashlib
import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

PAGE = Path(__file__).with_name("lessons.html")
_INLINE = re.compile(r"<(script|style)>(.*?)</\1>", re.DOTALL)  # data in scripts have a type


class Page(NamedTuple):
    """The page and the policy for it."""

    html: str
    policy: str


@cache
def page() -> Page:
    """Read once."""
    html = PAGE.read_text(encoding="utf-8")
    return Page(html, policy(html))


def policy(html: str) -> str:
    """A content security policy for a page of inline scripts and styles, by their digests."""
    digests: dict[str, list[str]] = {"script": [], "style": []}
    for tag, content in _INLINE.findall(html):
        digests[tag].append(_digest(content))
    return "; ".join(
        [
            "default-src 'none'",
            f"script-src {' '.join(digests['script'])}",
            f"style-src {' '.join(digests['style'])}",
            "img-src data: blob:",
            "form-action 'none'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        ]
    )


def _digest(content: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"
