"""The Oxford-IIIT Pet data set: 7,349 photographs of 37 breeds of cats and dogs.

Source: Parkhi et al., "Cats and Dogs", CVPR 2012. torchvision downloads and verifies
it; we read its annotations ourselves, as torchvision hands out decoded pictures only.
"""

import tarfile
from collections.abc import Iterator
from http.client import HTTPException
from pathlib import Path

from data import cache, connections
from data.errors import DataError
from data.folder import LAYOUTS
from data.picture import Candidate

STALL_S = 60.0  # torchvision opens its connections without any timeout
_PARTS = ("trainval", "test")
_LABEL_OF_SPECIES = {"1": "cat", "2": "dog"}  # annotations/README; torchvision's 0 and 1


def candidates() -> list[Candidate]:
    """Its pictures, downloaded on first use (800 MB); their content decides the part.

    The data set's own halves are not kept: they know nothing of our near duplicates.

    Raises:
        DataError: torchvision is not installed, or the download failed or is incomplete.
    """
    folder = cache.place("oxford-iiit-pet")
    _download(folder)
    try:
        return [candidate for part in _PARTS for candidate in _annotated(folder, part)]
    except (OSError, ValueError, KeyError) as exc:
        raise DataError(
            f"{folder} is incomplete: its annotations cannot be read ({exc}). "
            "Delete that folder and try again."
        ) from exc


def _download(folder: Path) -> None:
    try:
        from torchvision.datasets import OxfordIIITPet
    except ImportError as exc:
        raise DataError(
            "oxford-pets is downloaded by torchvision, which is not installed. Install the "
            f"training requirements, or give another data set: starter, or {LAYOUTS}."
        ) from exc
    try:
        with cache.locked(folder), connections.bounded(STALL_S):
            OxfordIIITPet(folder.parent, target_types="binary-category", download=True)
    except (OSError, HTTPException, RuntimeError, EOFError, tarfile.TarError) as exc:
        raise DataError(
            f"Oxford-IIIT Pet could not be downloaded ({exc}). Check that www.robots.ox.ac.uk "
            "can be reached and try again; or unpack the data set's images.tar.gz and "
            f"annotations.tar.gz into {folder}; or give another data set: starter, or {LAYOUTS}."
        ) from exc


def _annotated(folder: Path, part: str) -> Iterator[Candidate]:
    """Read one of annotations/*.txt: a line is `image class species breed`."""
    for line in (folder / "annotations" / f"{part}.txt").read_text().splitlines():
        name, _class, species, _breed = line.split()
        yield Candidate(folder / "images" / f"{name}.jpg", _LABEL_OF_SPECIES[species])
