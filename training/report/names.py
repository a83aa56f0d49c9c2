"""What a report calls the files of a run."""

from pathlib import Path

from service.names import readable


def name_in(folder: str, path: Path) -> str:
    """A path within a folder, or the whole of one elsewhere."""
    return readable(str(path.relative_to(folder) if path.is_relative_to(folder) else path))
