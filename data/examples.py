"""The pictures that the page offers to who has none at hand.

python -m data.examples [FOLDER]

Cats and dogs are starter pictures as they are, 32 x 32, of its test part: no model was
trained on them. Pictures of neither are drawn here, so that they need no licence.
"""

import argparse
import math
import shutil
from pathlib import Path

from PIL import Image, ImageDraw

from data import starter

FOLDER = Path(__file__).parent.parent / "service" / "page" / "examples"
STARTER = {
    "cat-1.png": ("cat", 801),
    "cat-2.png": ("cat", 846),
    "dog-1.png": ("dog", 844),
    "dog-2.png": ("dog", 878),
}
SIDE = 224  # pixels of a drawing
_FINER = 4  # drawn larger by this, then shrunk: Pillow's own edges are jagged


def write(folder: Path) -> None:
    """Write all examples into a folder.

    Raises:
        DataError: the starter set cannot be had.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = {(c.label, int(c.path.stem)): c.path for c in starter.candidates()}
    for name, which in STARTER.items():
        shutil.copyfile(paths[which], folder / name)
    for name, drawing in {"clock.png": clock(), "envelope.png": envelope()}.items():
        drawing.quantize(64).save(folder / name, optimize=True)


def clock() -> Image.Image:
    """Ten past ten."""
    picture, draw = _canvas("#f0dfb9")
    for radius, colour in ((86, "#2f4858"), (74, "#fffdf7")):
        draw.ellipse(_scaled(112 - radius, 112 - radius, 112 + radius, 112 + radius), fill=colour)
    for hour in range(12):
        _hand(draw, hour / 12, 60, 67, 5 if hour % 3 else 8)
    _hand(draw, (10 + 1 / 6) / 12, -8, 38, 9)
    _hand(draw, 10 / 60, -8, 56, 6)
    draw.ellipse(_scaled(105, 105, 119, 119), fill="#c8553d")
    return _shrunk(picture)


def envelope() -> Image.Image:
    """A closed letter with a seal."""
    picture, draw = _canvas("#86b6a5")
    draw.rounded_rectangle(_scaled(24, 58, 200, 170), 6 * _FINER, fill="#fffaf0")
    edges = ((24, 62, 112, 126, 200, 62), (26, 168, 92, 112), (198, 168, 132, 112))
    for edge in edges:
        draw.line(_scaled(*edge), fill="#b9a98a", width=3 * _FINER, joint="curve")
    draw.ellipse(_scaled(96, 106, 128, 138), fill="#c8553d")
    return _shrunk(picture)


def _hand(draw: ImageDraw.ImageDraw, turn: float, start: int, end: int, width: int) -> None:
    """A line from near a clock's centre outwards; `turn` 0 is up, 0.25 to the right."""
    x, y = math.sin(2 * math.pi * turn), -math.cos(2 * math.pi * turn)
    line = _scaled(112 + start * x, 112 + start * y, 112 + end * x, 112 + end * y)
    draw.line(line, fill="#2f4858", width=width * _FINER)


def _canvas(colour: str) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    picture = Image.new("RGB", (SIDE * _FINER, SIDE * _FINER), colour)
    return picture, ImageDraw.Draw(picture)


def _scaled(*coordinates: float) -> tuple[float, ...]:
    return tuple(_FINER * c for c in coordinates)


def _shrunk(picture: Image.Image) -> Image.Image:
    return picture.resize((SIDE, SIDE), Image.Resampling.LANCZOS)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER)
    write(parser.parse_args().folder)
