"""What operators read leads somewhere."""

import re
from pathlib import Path

import pytest

from tests.live_server import REPOSITORY

DOCUMENTS = ("SECURITY.md", "docs/operations.md", "docs/runbooks.md", "docs/monitoring.md")
LINKS = [
    (document, link)
    for document in DOCUMENTS
    for link in re.findall(r"\]\(([^):]+)\)", (REPOSITORY / document).read_text())
]


def anchors(path: Path) -> set[str]:
    """Of its headings, as forges make them."""
    headings = re.findall(r"^#+ (.+)$", path.read_text(), flags=re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize(("document", "link"), LINKS)
def test_every_link_leads_to_what_is_there(document: str, link: str) -> None:
    source = REPOSITORY / document
    file, _, anchor = link.partition("#")
    there = (source.parent / file).resolve() if file else source
    assert there.exists()
    if anchor:
        assert anchor in anchors(there)
