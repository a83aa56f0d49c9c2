"""Pictures in a tar, and in a table."""

import io
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq


def write_tar(path: Path, members: Mapping[str, bytes]) -> bytes:
    """Returns: what was written."""
    with tarfile.open(path, "w") as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path.read_bytes()


def write_table(file: Path, **columns: Any) -> None:
    """In groups of five rows."""
    pq.write_table(pa.table(columns), file, row_group_size=5)
