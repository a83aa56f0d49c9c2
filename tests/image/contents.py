"""What an image holds, file by file, as a container would see it."""

import hashlib
import subprocess
import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

OURS = "opt/catdog/"


@dataclass(frozen=True)
class Entry:
    """A file, folder or link.

    digest: sha256 of the content of a regular file of ours, else empty.
    """

    mode: int
    owner: int
    kind: str
    digest: str


@dataclass(frozen=True)
class Contents:
    """All of it by path, without a leading slash, and what it weighs compressed as one archive.

    Compressed in a hurry: a registry's layers are some percent smaller.
    """

    entries: dict[str, Entry]
    compressed_bytes: int


class _Weighed:
    """A stream that is compressed on the side."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._packer = zlib.compressobj(1)
        self.compressed_bytes = 0

    def read(self, size: int) -> bytes:
        data = self._stream.read(size)
        packed = self._packer.compress(data) if data else self._packer.flush()
        self.compressed_bytes += len(packed)
        return data


def of(engine: str, image: str) -> Contents:
    """Read a whole image by way of a container that is never started."""
    create = [engine, "create", image]
    name = subprocess.run(create, capture_output=True, text=True, check=True).stdout.strip()
    try:
        with subprocess.Popen([engine, "export", name], stdout=subprocess.PIPE) as export:
            assert export.stdout is not None
            weighed = _Weighed(export.stdout)
            entries = dict(_entries(weighed))
            while weighed.read(1 << 20):
                pass
        assert export.returncode == 0
    finally:
        subprocess.run([engine, "rm", name], capture_output=True, check=True)
    return Contents(entries, weighed.compressed_bytes)


def _entries(stream: object) -> Iterator[tuple[str, Entry]]:
    with tarfile.open(fileobj=stream, mode="r|") as archive:
        for member in archive:
            path = member.name.removeprefix("./").removeprefix("/")
            digest = ""
            if member.isfile() and path.startswith(OURS):
                content = archive.extractfile(member)
                assert content is not None
                digest = hashlib.file_digest(content, "sha256").hexdigest()
            kind = "file" if member.isfile() else "folder" if member.isdir() else "other"
            yield path, Entry(member.mode & 0o7777, member.uid, kind, digest)
