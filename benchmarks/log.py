"""What a process left in its log."""

from pathlib import Path

_SHOWN = 2000  # characters


def tail(path: Path) -> str:
    """The end of it, where a process says why it failed."""
    return path.read_text(errors="replace").strip()[-_SHOWN:]
