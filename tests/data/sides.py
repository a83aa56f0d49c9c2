"""On which side of the split pictures are."""

from data.manifest import Manifest


def side_by_content(manifest: Manifest) -> dict[str, str]:
    """sha256 -> split."""
    return {row.sha256: row.split for row in manifest.rows}
