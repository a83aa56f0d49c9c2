"""Files and folders by address: on this machine, or wherever pyarrow and fsspec reach."""

import functools
import io
import os
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal, cast

import pyarrow as pa
from pyarrow import fs

from scoring.errors import ScoringError
from scoring.retries import persistently
from service.names import readable

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://([^/]*)/?(.*)", re.DOTALL)
_FILE = "file://"


@dataclass(frozen=True)
class Place:
    """A file or a folder.

    address: an absolute path, or SCHEME://HOST-OR-BUCKET/PATH, taken literally: nothing in it
        is percent-encoded, and a question mark is part of the name.
    """

    address: str

    @classmethod
    def of(cls, text: str, folder: "Place | None" = None) -> "Place":
        """What a user means.

        Args:
            text: an address, or a path relative to the folder, or to this one.
            folder: of the list or table that names it. Without one a user typed it, and ~ is a
                home.
        Raises:
            ScoringError: there is no such home.
        """
        text = text.removeprefix(_FILE)
        if match := _SCHEME.fullmatch(text):
            scheme, host, rest = match.groups()
            within = rest.rstrip("/")  # with a slash it is the same folder, by another name
            return cls(f"{scheme}://{host}/{within}" if within else f"{scheme}://{host}")
        if folder is not None:
            return cls(str(Path(text))) if Path(text).is_absolute() else folder / text
        try:
            path = Path(text).expanduser() if text.startswith("~") else Path(text)
        except RuntimeError as exc:
            raise ScoringError(
                f"{cls(text)} begins with ~, and there is no such home. Give the whole path, or "
                "put ./ before it if that is its name."
            ) from exc
        return cls(str(path.absolute()))

    def __truediv__(self, name: str) -> "Place":
        return Place(f"{self.address.rstrip('/')}/{name}")

    def __str__(self) -> str:
        """For people and for Parquet: names of files need not be UTF-8."""
        return readable(self.address)

    @property
    def folder(self) -> "Place":
        """The folder that it lies in."""
        return Place(self.address.rstrip("/").rpartition("/")[0])

    @property
    def is_local(self) -> bool:
        """Whether it is a path on this machine (or on a file system that is mounted here)."""
        return _SCHEME.fullmatch(self.address) is None

    def kind(self) -> Literal["file", "folder"] | None:
        """What is there; None for nothing.

        Raises:
            ScoringError: its scheme is unknown, or the storage does not say.
        """
        try:
            if self.is_local:
                path = Path(self.address)
                return "folder" if path.is_dir() else "file" if path.exists() else None
            filesystem, where = self._located()
            info = persistently(lambda: filesystem.get_file_info(where))
        except OSError as exc:
            raise ScoringError(f"{self} cannot be looked at: {reason(exc)}.") from exc
        kinds: dict[object, Literal["file", "folder"]]
        kinds = {fs.FileType.File: "file", fs.FileType.Directory: "folder"}
        return kinds.get(info.type)

    def files(self) -> "Iterator[Place]":
        """Every file in this folder, to any depth, in no order; hidden ones are passed over.

        Of a folder of this machine one entry is held at a time, elsewhere one folder's, and in
        Google's storage all of them: there are no folders there, only names with slashes.

        Raises:
            OSError: a folder cannot be listed.
        """
        if self.is_local:
            yield from map(Place, _local_files(self.address))
            return
        filesystem, path = self._located()
        at_once = filesystem.type_name == "gcs"  # it would tell of files beside, and not of folders
        selector = fs.FileSelector(path, recursive=at_once)
        for info in persistently(lambda: filesystem.get_file_info(selector)):
            name = info.path.removeprefix(path).lstrip("/") if at_once else info.base_name
            if any(part.startswith(".") for part in name.split("/")):
                continue
            if info.type == fs.FileType.Directory and not at_once:
                yield from (self / name).files()
            elif info.type == fs.FileType.File:
                yield self / name

    def sizes(self) -> dict[str, int | None]:
        """Bytes of what lies directly in this folder, by name; nothing where there is no folder.

        None is of what has none, or whose storage does not say.
        """
        if self.is_local:
            folder = Path(self.address)
            paths = folder.iterdir() if folder.is_dir() else ()
            return {path.name: path.lstat().st_size for path in paths}
        filesystem, where = self._located()
        selector = fs.FileSelector(where, allow_not_found=True)
        found = persistently(lambda: filesystem.get_file_info(selector))
        return {info.base_name: info.size for info in found}

    def open(self) -> IO[bytes]:
        """For reading anywhere in it.

        Raises:
            OSError: it cannot be opened, or read later.
        """
        if self.is_local:
            return Path(self.address).open("rb")
        filesystem, path = self._located()
        return cast(IO[bytes], filesystem.open_input_file(path))

    def open_ahead(self, ahead_bytes: int = io.DEFAULT_BUFFER_SIZE) -> IO[bytes]:
        """For reading on and on; from elsewhere so many bytes come at once.

        Raises:
            OSError: it cannot be opened, or read later.
        """
        file = self.open()
        return file if self.is_local else io.BufferedReader(cast(io.RawIOBase, file), ahead_bytes)

    def read(self, at_most: int, offset: int = 0) -> bytes:
        """So many bytes from there on, or as many as there are.

        Raises:
            OSError: they cannot be read, or fewer came than there are.
        """
        with self.open() as file:
            expected = min(at_most, max(0, file.seek(0, os.SEEK_END) - offset))
            file.seek(offset)
            data = file.read(expected)
        if len(data) != expected:
            raise OSError(f"{len(data)} of {expected} bytes came")
        return data

    def write_whole(self, data: bytes) -> None:
        """Put a file there in one step, in place of what was there; its folder is made.

        A file system gets a file of another name, which is renamed. An object store shows
        nothing until it has an object whole, but for Azure's, where it is empty first; what is
        sent here is small enough for one request.

        Raises:
            OSError: it cannot be written; nothing is there, or what was before.
        """
        if self.is_local:
            _write_local(Path(self.address), data)
            return
        filesystem, path = self._located()
        if filesystem.type_name == "hdfs":
            filesystem.create_dir(path.rpartition("/")[0], recursive=True)
            beside = f"{path.rpartition('/')[0]}/.{uuid.uuid4().hex}"
            _put(filesystem, beside, data)
            filesystem.move(beside, path)
        else:
            persistently(lambda: _put(filesystem, path, data))

    def _located(self) -> tuple[Any, str]:
        """What is not local: its file system, and its path there.

        Raises:
            ScoringError: the scheme is unknown.
        """
        match = _SCHEME.fullmatch(self.address)
        assert match is not None
        scheme, host, rest = match.groups()
        filesystem, root = _root(scheme, host)
        return filesystem, f"{root.rstrip('/')}/{rest}" if rest else root


def reason(error: BaseException) -> str:
    """Why something cannot be read or written, in a few words."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    first, *_ = str(error).strip().splitlines() or [type(error).__name__]
    return first.rstrip(".")


@functools.cache
def _root(scheme: str, host: str) -> tuple[Any, str]:
    """Of what pyarrow knows: s3, gs, hdfs, abfs ...; of anything else: fsspec."""
    address = f"{scheme}://{host}"
    try:
        return cast(tuple[Any, str], fs.FileSystem.from_uri(address))
    except pa.ArrowInvalid:
        pass
    import fsspec

    try:
        filesystem, root = fsspec.core.url_to_fs(address)
    except (ValueError, ImportError) as exc:
        raise ScoringError(
            f"{address} cannot be reached: {reason(exc)}. Give a path, or an address that pyarrow "
            "(s3, gs, hdfs, abfs) or an installed package for fsspec knows."
        ) from exc
    return fs.PyFileSystem(_Handler(filesystem)), root


class _Handler(fs.FSSpecHandler):
    """Pyarrow's asks beforehand whether there is such a file or folder, and fsspec then says no
    whatever went wrong: what another try would read was not there for good.
    """

    def open_input_file(self, path: str) -> Any:
        return pa.PythonFile(self.fs.open(path, mode="rb"), mode="r")

    def get_file_info_selector(self, selector: Any) -> list[Any]:
        try:
            found = self.fs.ls(selector.base_dir, detail=True)
        except FileNotFoundError:
            if selector.allow_not_found:
                return []
            raise
        own = selector.base_dir.strip("/")
        return [
            self._create_file_info(info["name"], info)
            for info in found
            if info["name"].strip("/") != own
        ]


def _local_files(folder: str, visited: set[tuple[int, int]] | None = None) -> Iterator[str]:
    """Every file, to any depth, through links too; each folder once, as a link may lead back.

    A link that leads nowhere is a file, which whoever reads it finds out.
    """
    visited = set() if visited is None else visited
    status = Path(folder).stat()
    if (status.st_dev, status.st_ino) in visited:
        return
    visited.add((status.st_dev, status.st_ino))
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith("."):
                continue
            try:
                is_folder = entry.is_dir()
                is_file = entry.is_file() or _leads_nowhere(entry)  # a socket is neither
            except OSError:  # it leads to itself, or by way of a folder that is locked
                is_folder, is_file = False, True
            if is_folder:
                yield from _local_files(entry.path, visited)
            elif is_file:
                yield entry.path


def _leads_nowhere(entry: os.DirEntry[str]) -> bool:
    return entry.is_symlink() and not Path(entry.path).exists()


def _write_local(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        with beside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())  # before anything names it: power can fail too
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def _put(filesystem: Any, path: str, data: bytes) -> None:
    with filesystem.open_output_stream(path) as stream:
        stream.write(data)
