"""ImageNet's 1,000 classes under WordNet's more general nouns, up to `entity`."""

from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path

from pydantic import BaseModel

from lessons.imagenet import wordnet
from lessons.imagenet.wordnet import Synset

WNIDS = Path(__file__).with_name("wnids.txt")  # of the classes, in the order of their numbers
DOG, CAT, ANIMAL = "n02084071", "n02121808", "n00015388"  # dog; domestic cat; animal


class Node(BaseModel):
    """A class, or what several have in common.

    name: the usual word; of a class, torchvision's name for it.
    parent: wnid of the more general one, the first that WordNet names; None at the top.
    """

    name: str
    parent: str | None


class Nesting(BaseModel):
    """What is kept of WordNet.

    licence: WordNet's.
    classes: wnids, in the order of their numbers 0 to 999.
    nodes: wnid -> node, of the classes and all above them.
    elsewhere: classes that WordNet also puts elsewhere, under a second parent somewhere above.
    """

    licence: str
    classes: list[str]
    nodes: dict[str, Node]
    elsewhere: int

    def under(self, wnid: str) -> list[int]:
        """Numbers of the classes that are `wnid` or below it."""
        return [i for i, of in enumerate(self.classes) if wnid in self.way_up(of)]

    def way_up(self, wnid: str) -> list[str]:
        """From a node to the top: wnids, itself first."""
        return list(climb(wnid, {of: node.parent for of, node in self.nodes.items()}))

    def children(self) -> dict[str, list[str]]:
        """Node -> those right below it, in the order of their first class's number."""
        below: dict[str, list[str]] = {wnid: [] for wnid in self.nodes}
        for of in self.classes:
            way = self.way_up(of)
            for child, parent in pairwise(way):
                if child not in below[parent]:
                    below[parent].append(child)
        return below

    def counts(self) -> dict[str, int]:
        """Node -> how many classes are it or below it."""
        found = dict.fromkeys(self.nodes, 0)
        for of in self.classes:
            for wnid in self.way_up(of):
                found[wnid] += 1
        return found


def climb(wnid: str, parents: Mapping[str, str | None]) -> Iterator[str]:
    """The node, its parent, and so on."""
    at: str | None = wnid
    while at is not None:
        yield at
        at = parents[at]


def wnids() -> list[str]:
    """Of the classes, in the order of their numbers.

    Source: the challenge of 2012, as timm 1.0.31 lists it; they ascend.
    """
    return WNIDS.read_text().split()


def nest() -> Nesting:
    """Look the classes up in WordNet.

    Raises:
        DataError: WordNet cannot be had.
    """
    synsets, licence = wordnet.nouns()
    classes = wnids()
    first = {wnid: next(iter(synset.parents), None) for wnid, synset in synsets.items()}
    nodes: dict[str, Node] = {}
    for wnid, name in zip(classes, class_names(), strict=True):
        for of in climb(wnid, first):
            nodes.setdefault(of, Node(name=synsets[of].words[0], parent=first[of]))
        nodes[wnid].name = name
    elsewhere = sum(
        len(ancestors(wnid, synsets)) > len(list(climb(wnid, first))) for wnid in classes
    )
    return Nesting(licence=licence, classes=classes, nodes=nodes, elsewhere=elsewhere)


def class_names() -> list[str]:
    """torchvision's names of the classes, in the order of their numbers."""
    from torchvision.models import ResNet50_Weights

    names: list[str] = ResNet50_Weights.IMAGENET1K_V1.meta["categories"]
    return names


def ancestors(wnid: str, synsets: Mapping[str, Synset]) -> set[str]:
    """The node and everything more general, by whichever parent."""
    found: set[str] = set()
    waiting = [wnid]
    while waiting:
        at = waiting.pop()
        if at not in found:
            found.add(at)
            waiting += synsets[at].parents
    return found
