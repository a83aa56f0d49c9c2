"""What POST /explain answers, as pictures and numbers again."""

import base64
import io
from typing import Any

import numpy as np
from PIL import Image

from tests import pictures
from tests.pictures import RGB


def image(data_uri: str) -> Image.Image:
    """The picture in a data URI, which says of what kind it is."""
    head, _, encoded = data_uri.partition(",")
    found = Image.open(io.BytesIO(base64.b64decode(encoded, validate=True)))
    assert head == f"data:{Image.MIME[found.format or '']};base64"
    return found


def pixels(data_uri: str) -> np.ndarray:
    """The same as an array of uint8."""
    return np.asarray(image(data_uri))


def patched(ground: RGB, patch: RGB, box: tuple[int, int, int, int]) -> bytes:
    """A PNG of the network's own size: a ground of one colour with a box of another."""
    picture = Image.new("RGB", (224, 224), ground)
    picture.paste(patch, box)
    return pictures.encode(picture)


def mean_rgb(seen: np.ndarray) -> Any:
    """Mean colour of the upper half, which is all that the known network judges by."""
    return seen[:112].reshape(-1, 3).mean(0)
