"""What people read leads somewhere."""

import re
from pathlib import Path

import pytest

from tests.live_server import REPOSITORY

DOCUMENTS = (
    *("README.md", "SECURITY.md", "CHANGELOG.md"),
    *sorted(f"docs/{path.name}" for path in (REPOSITORY / "docs").glob("*.md")),
)
MODULES = sorted(
    {
        (document, module.rstrip("."))
        for document in DOCUMENTS
        for module in re.findall(r"python -m ([a-z_.]+)", (REPOSITORY / document).read_text())
    }
)
LINKS = [
    (document, link)
    for document in DOCUMENTS
    for link in re.findall(r"\]\(([^):]+)\)", (REPOSITORY / document).read_text())
    if not link.startswith("http")
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


@pytest.mark.parametrize(("document", "module"), MODULES)
def test_every_module_that_is_to_be_run_can_be(document: str, module: str) -> None:
    path = REPOSITORY.joinpath(*module.split("."))
    assert path.with_suffix(".py").is_file() or (path / "__main__.py").is_file(), document
