"""Which interrupted run `training fit` goes on with."""

from collections.abc import Iterable
from pathlib import Path

from data.errors import DataError
from data.fingerprint import scan
from data.manifest import Manifest
from data.picture import UNREADABLE_REASON, Fingerprint
from data.source import resolve
from service.artifact import sha256_of
from training import run as runs
from training.run import Run

ANEW = (
    "Or begin a new run with the pictures as they are: make train RESUME=false, or --resume false."
)


def with_a_way_out(error: DataError) -> DataError:
    """The same of a picture that a run has lost, with what else can be done."""
    return DataError(f"{str(error).rstrip()} {ANEW}")


def described(settings: str, decisions: Iterable[Path | None]) -> str:
    """What tells runs apart: with other settings or other decisions it is another run.

    Args:
        settings: YAML.
        decisions: files that say which pictures to leave out or to relabel; None for none.
    """
    files = [Path(path) for path in decisions if path]
    return settings + "".join(f.read_text(errors="replace") for f in files if f.is_file())


def resumable(description: str, source: str) -> Run | None:
    """The newest run of this description that did not get to its end, on pictures as they are.

    Who has added pictures since means these too: says so, and has a new run begin.

    Args:
        source: see `data.source.resolve`; where it is gone, the new run says so.
    """
    run = runs.unfinished(description)
    if run is None or not run.manifest.is_file():
        return run
    try:
        changes = changed(run.manifest, source)
    except DataError as exc:
        print(f"{run.folder} cannot go on, a new run begins: {exc}", flush=True)
        return None
    if changes:
        print(
            f"The pictures are others than {run.folder} began with ({changes}): a new run begins.",
            flush=True,
        )
        return None
    return run


def changed(path: Path, source: str) -> str:
    """How the pictures of a source differ from those of a manifest; empty if they don't.

    Of the pictures only files written after the manifest are read: to read a million again
    takes long. What could not be read is tried again, as it may have been a drive that
    failed, or HEIC before the extra was installed.

    Args:
        path: of the manifest.
    Raises:
        DataError: no manifest, no such source, or pictures of it that are gone.
    """
    manifest = Manifest.load(path)
    manifest.check()
    found = resolve(source)
    if found.shards is not None:
        return ""  # `check` has seen that they are there; they don't grow
    digests = {row.path: row.sha256 for row in manifest.rows}
    known = digests.keys() | {file.path for file in manifest.excluded}
    there = {candidate.path for candidate in found.candidates}
    unread = {f.path for f in manifest.excluded if f.reason.startswith(UNREADABLE_REASON)} & there
    written_ns = path.stat().st_mtime_ns
    counts = {
        "new": len(there - known),
        "gone": len(known - there),
        "changed": sum(
            _has_changed(p, digests.get(p), written_ns) for p in (there & known) - unread
        ),
        "readable now": sum(isinstance(f, Fingerprint) for f in scan(sorted(unread))),
    }
    return ", ".join(f"{count} {what}" for what, count in counts.items() if count)


def _has_changed(path: Path, sha256: str | None, written_ns: int) -> bool:
    """Whether a file was written after the manifest and has other contents, or none any more."""
    try:
        return path.stat().st_mtime_ns > written_ns and sha256_of(path) != sha256
    except OSError:
        return True  # the scan of the new run says what is wrong with it
