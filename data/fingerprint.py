"""Fingerprints of many pictures, on every core we may use."""

import errno
import hashlib
import signal
import warnings
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing
from pathlib import Path

import imagehash
import numpy as np
from PIL import Image
from tqdm import tqdm

from data.errors import DataError
from data.picture import (
    DEAD_LINK,
    NEEDS_HEIC,
    UNREADABLE_REASON,
    Excluded,
    Exclusion,
    Fingerprint,
)
from service import images
from service.cores import usable_cores

PHASH_SIDE = 32  # pixels; what imagehash's pHash looks at
# Standard deviation of those pixels, in levels of 255. Below it the hash is made of
# compression noise, and all blank walls look alike. The flattest of 4,250 photographs
# and 2,000 CIFAR pictures has 12.6.
FLAT_LEVELS = 4.0

_NOT_THERE = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP)
_CHUNK = 16  # pictures a worker takes at a time, about 50 ms of work
_MOST_DEATHS = 8  # in a row; more are no picture's fault


def fingerprint(data: bytes) -> Fingerprint:
    """Fingerprint one picture from its file's bytes.

    Raises:
        service.images.ImageError: the bytes cannot be decoded to the end.
    """
    image, (width, height) = images.decode_and_measure(data)
    grey = image.convert("L").resize(
        (PHASH_SIDE, PHASH_SIDE), Image.Resampling.LANCZOS, reducing_gap=2.0
    )
    is_flat = float(np.asarray(grey).std()) < FLAT_LEVELS
    phash = "" if is_flat else str(imagehash.phash(grey))
    return Fingerprint(hashlib.sha256(data).hexdigest(), phash, width, height)


def scan(paths: Sequence[Path]) -> list[Fingerprint | Excluded]:
    """Fingerprint files in worker processes, with a progress bar on a terminal's stderr.

    Returns:
        as many as `paths` and in their order; Excluded for a file that is no picture,
        that a worker process dies of, or that is gone or cannot be read.
    Raises:
        DataError: worker processes die whatever they read.
    """
    with closing(_side_by_side(paths)) as results:
        bar = tqdm(results, "Reading pictures", len(paths), unit="", disable=None, leave=False)
        return list(bar)


def _side_by_side(paths: Sequence[Path]) -> Generator[Fingerprint | Excluded]:
    """On all cores. When a process dies, nobody says of which picture, and all others end.

    So the next pictures are then read one by one, as many as were being read, and a new
    pool goes on after them.
    """
    done, cores = 0, usable_cores()
    while done < len(paths):
        pool = _pool(cores)
        try:
            for result in pool.map(_scan_one, paths[done:], chunksize=_CHUNK):
                done += 1
                yield result
        except BrokenProcessPool:
            for result in _one_by_one(paths[done : done + cores * _CHUNK], len(paths)):
                done += 1
                yield result
        finally:
            pool.shutdown(cancel_futures=True)


def _one_by_one(paths: Sequence[Path], of: int) -> Iterator[Fingerprint | Excluded]:
    deaths = 0
    pool = _pool(1)
    try:
        for path in paths:
            try:
                result = pool.submit(_scan_one, path).result()
                deaths = 0
            except BrokenProcessPool as exc:
                deaths += 1
                if deaths == min(_MOST_DEATHS, of):
                    raise DataError(
                        f"A process that was reading the {of} pictures died, most likely for want "
                        "of memory. Free some, or take fewer cores (`taskset -c 0 ...`), and try "
                        f"again. It was reading {path}."
                    ) from exc
                pool.shutdown()
                pool = _pool(1)
                result = _unreadable(path, "the decoder crashed on it")
            yield result
    finally:
        pool.shutdown(cancel_futures=True)


def _pool(processes: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(processes, initializer=_start_worker)


def _start_worker() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    # Pillow's remarks on odd EXIF tags would run through the progress bar; whether the
    # picture can be used is for `images.decode` to say.
    warnings.simplefilter("ignore")


def _scan_one(path: Path) -> Fingerprint | Excluded:
    try:
        with path.open("rb") as file:
            data = file.read(images.HEAD_BYTES)
            if images.sniff(data) is not None:  # or else don't read a whole video
                data += file.read()
        return fingerprint(data)
    except images.ImageError as exc:
        is_heic = images.sniff(data) is images.HEIC and images.HEIC not in images.KINDS
        return _unreadable(path, NEEDS_HEIC if is_heic else str(exc))
    except OSError as exc:
        return _unopened(path, exc)
    except Exception as exc:  # a slip of ours: of all pictures, it costs this one
        return _unreadable(path, f"it cannot be looked at ({type(exc).__name__}: {exc})")


def _unopened(path: Path, error: OSError) -> Excluded:
    """A file of a listing that cannot be read: gone, or there and out of reach.

    What is gone is left out: a link that leads nowhere, or a picture that somebody deleted
    meanwhile; the next listing won't have it. Where its folder is gone too, as when a
    network drive is, or on any other error, the picture is there, and to leave it out would
    lose it silently, with all others of a drive: `UNREACHABLE`.
    """
    is_gone = error.errno in _NOT_THERE
    if is_gone and path.is_symlink():
        return _unreadable(path, DEAD_LINK)
    kind = Exclusion.UNREADABLE if is_gone and path.parent.is_dir() else Exclusion.UNREACHABLE
    return _unreadable(path, f"the file cannot be opened ({error.strerror})", kind)


def _unreadable(path: Path, why: str, kind: Exclusion = Exclusion.UNREADABLE) -> Excluded:
    return Excluded(path, f"{UNREADABLE_REASON}{why}", kind)
