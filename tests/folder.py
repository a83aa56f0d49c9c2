"""What a folder holds, to compare it with what it held before."""

from pathlib import Path


def contents(folder: Path) -> dict[str, bytes]:
    """Each file's bytes by its path in the folder."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
