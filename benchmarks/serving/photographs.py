"""The photographs that all contestants are asked about."""

import statistics
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from benchmarks.errors import BenchmarkError
from data.source import resolve
from data.thinning import evenly
from service import images

COUNT = 200


@dataclass(frozen=True)
class Photographs:
    """Files that can be decoded. What they cost to decode depends on their kind and size."""

    source: str
    paths: tuple[Path, ...]

    def listed_in(self, folder: Path) -> Path:
        """A file with a path on each line."""
        file = folder / "photographs.txt"
        file.write_text("".join(f"{path}\n" for path in self.paths))
        return file

    def few(self, count: int) -> tuple[Path, ...]:
        """So many of them, evenly spread."""
        return tuple(evenly(self.paths, count))

    def figures(self) -> dict[str, object]:
        """What of this is kept: no paths."""
        sizes, kinds = [], set()
        for path in self.paths:
            with Image.open(path) as image:
                sizes.append(image.size)
                kinds.add(str(image.format))
        widths, heights = zip(*sizes, strict=True)
        return {
            "source": Path(self.source).name,
            "count": len(self.paths),
            "kinds": sorted(kinds),
            "median_size": [round(statistics.median(side)) for side in (widths, heights)],
            "mean_bytes": round(statistics.mean(path.stat().st_size for path in self.paths)),
        }


def spread(name_or_path: str, count: int = COUNT) -> Photographs:
    """At most `count` pictures, evenly spread over a source, none of them damaged.

    Args:
        name_or_path: as for `make train`.
    Raises:
        DataError: there is no such source.
        BenchmarkError: none of them can be decoded.
    """
    source = resolve(name_or_path)
    every = [candidate.path for candidate in source.candidates]
    chosen = evenly(every, count)
    paths = tuple(filter(_is_sound, chosen))
    if not paths:
        raise BenchmarkError(
            f"None of {len(chosen)} pictures of {source.name} can be decoded. Name a folder of "
            "photographs: make bench DATA=folder."
        )
    return Photographs(source.name, paths)


def _is_sound(path: Path) -> bool:
    try:
        images.network_input(path.read_bytes())
    except images.ImageError:
        return False
    return True
