"""The nesting as a tree to open: each node with its count, each class with its number."""

from collections.abc import Collection
from html import escape

from lessons.imagenet.nesting import Nesting


def tree(nesting: Nesting, opened: Collection[str]) -> str:
    """Nested `details`, from the top.

    Args:
        opened: wnids of nodes to show opened, with all on the way to them.
    """
    return _Tree(nesting, opened).html()


class _Tree:
    def __init__(self, nesting: Nesting, opened: Collection[str]) -> None:
        self.nodes = nesting.nodes
        self.children = nesting.children()
        self.counts = nesting.counts()
        self.number = {wnid: i for i, wnid in enumerate(nesting.classes)}
        self.opened = {of for wnid in opened for of in nesting.way_up(wnid)}
        self.top = next(wnid for wnid, node in self.nodes.items() if node.parent is None)

    def html(self) -> str:
        return f'<div class="tree">{self._branch(self.top)}</div>'

    def _branch(self, wnid: str) -> str:
        """One node, told together with those that it has nothing beside."""
        names = [self.nodes[wnid].name]
        while len(self.children[wnid]) == 1 and self.children[self.children[wnid][0]]:
            (wnid,) = self.children[wnid]
            names.append(self.nodes[wnid].name)
        below = self.children[wnid]
        branches = "".join(self._branch(child) for child in below if self.children[child])
        leaves = [child for child in below if not self.children[child]]
        listed = f"<ol>{''.join(self._leaf(leaf) for leaf in leaves)}</ol>" if leaves else ""
        count = f'<span class="number">{self.counts[wnid]}</span>'
        is_open = " open" if wnid in self.opened else ""
        summary = f"<summary>{escape(' › '.join(names))} {count}</summary>"
        return f"<details{is_open}>{summary}{branches}{listed}</details>"

    def _leaf(self, wnid: str) -> str:
        return f'<li value="{self.number[wnid]}">{escape(self.nodes[wnid].name)}'
