"""axe-core, the accessibility checker that Lighthouse uses: npm's package, pinned."""

from typing import Any

from playwright.sync_api import Page

from data import npm

PACKAGE = npm.NpmPackage(
    "axe-core",
    "4.14.1",
    "sha512-FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37Og"
    "udVGtQ==",
)
_MEMBER = "package/axe.min.js"
_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def script() -> str:
    """The checker's source."""
    return npm.read_members(npm.fetch(PACKAGE), [_MEMBER])[_MEMBER].decode()


def violations(page: Page) -> list[str]:
    """What is wrong with the page as it is now: the rule, and the elements that break it."""
    found: dict[str, Any] = page.evaluate(
        "(tags) => axe.run(document, {runOnly: {type: 'tag', values: tags}})", _TAGS
    )
    assert found["passes"], "it looked at something"
    return [
        f"{violation['id']}: {node['html']} {node['failureSummary']}"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]
