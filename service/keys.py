"""API keys, where an operator wants them: `Authorization: Bearer KEY`."""

import hashlib
import hmac
import logging
import os
from pathlib import Path
from time import monotonic

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from service import problems, settings
from service.system_routes import HEALTH

MIN_LENGTH = 16  # of a key; `openssl rand -hex 32` makes one of 64
# What is needed to ask for a key, or to be watched by who has none.
OPEN = ("/", "/lessons", "/docs", "/openapi.json", *HEALTH)
OPEN_BELOW = "/page/"
READ_AGAIN_S = 1.0  # a file that could not be read, though it is as it was

Version = tuple[int, ...] | None

log = logging.getLogger(__name__)


class KeysError(ValueError):
    """The file of keys cannot be used."""


class Keys:
    """The keys of a file, one a line, read again whenever the file has changed.

    Blank lines and those that begin with # are none. So a key is replaced without a
    restart: add the new one, let the clients change over, remove the old one.
    """

    def __init__(self, path: Path) -> None:
        """A file that cannot be used is none to fail for, here: it may be whole again soon, and
        until then no key is valid. `check` is for who is about to start.
        """
        self._path = path
        self._version: Version = ()  # not read yet
        self._is_read = False
        self._read_again_s = 0.0
        self._digests: list[bytes] = []
        self._read_again_if_changed()

    @staticmethod
    def check(path: Path) -> None:
        """Raises: KeysError: it cannot be read, or holds no key, or one that is too short."""
        _read(path)

    def __contains__(self, key: str) -> bool:
        """In time that says nothing of how much of a key was right, or which.

        Args:
            key: as headers are read, a character a byte.
        """
        self._read_again_if_changed()
        digest = _digest(key.encode("latin-1"))
        matches = [hmac.compare_digest(digest, known) for known in self._digests]
        return any(matches)

    def _read_again_if_changed(self) -> None:
        version = _version(self._path)
        if version == self._version and (self._is_read or monotonic() < self._read_again_s):
            return
        is_first = self._version == ()
        try:
            self._digests = _read(self._path)
            self._is_read = True
            if not is_first:
                log.info("Read %d API keys again", len(self._digests))
        except KeysError as exc:
            self._is_read = False
            self._read_again_s = monotonic() + READ_AGAIN_S
            if version != self._version:
                valid = "The keys read before stay valid." if self._digests else "No key is valid."
                log.error("%s %s", exc, valid)
        self._version = version


class RequireKey:
    """ASGI middleware: without a valid key, 401 for all that is not `OPEN`."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        path = settings.from_environment(os.environ).api_keys_file
        self._keys = Keys(path) if path else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._keys is None or scope["type"] != "http" or is_open(scope["path"]):
            return await self.app(scope, receive, send)
        scheme, _, key = Request(scope).headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and key.strip(" \t") in self._keys:
            return await self.app(scope, receive, send)
        return await problems.unauthorized().as_response()(scope, receive, send)


def is_open(path: str) -> bool:
    """Whether a path answers without a key even where keys are required."""
    return path in OPEN or path.startswith(OPEN_BELOW)


def _version(path: Path) -> Version:
    """Differs once the file has been written or replaced; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def _read(path: Path) -> list[bytes]:
    try:
        lines = [line.strip() for line in path.read_text("utf-8-sig").splitlines()]
    except (OSError, UnicodeDecodeError) as exc:
        why = exc.strerror if isinstance(exc, OSError) else "it is no text"
        raise KeysError(f"The API keys cannot be read from {path}: {why}.") from exc
    keys = [line for line in lines if line and not line.startswith("#")]
    if not keys:
        raise KeysError(f"{path} holds no API key. Write one a line.")
    if any(len(key) < MIN_LENGTH for key in keys):
        raise KeysError(
            f"{path} holds an API key of under {MIN_LENGTH} characters. `openssl rand -hex 32` "
            "makes a good one."
        )
    return [_digest(key.encode()) for key in keys]


def _digest(key: bytes) -> bytes:
    """Of one length, whatever the key's."""
    return hashlib.sha256(key).digest()
