"""Names of files as text for people, whatever bytes they are made of."""

from pathlib import Path


def name_in(folder: str, path: Path) -> str:
    """A path within a folder, or the whole of one elsewhere."""
    return readable(str(path.relative_to(folder) if path.is_relative_to(folder) else path))


def readable(text: str) -> str:
    """Bytes of a name that are no text, which the manifest keeps as surrogates, become `�`."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
