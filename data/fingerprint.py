"""Fingerprints of many pictures, on every core we may use."""

import hashlib
import io
import signal
import warnings
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import imagehash
import numpy as np
from PIL import Image
from tqdm import tqdm

from data.errors import DataError
from data.picture import Excluded, Fingerprint
from service import images
from service.cores import usable_cores

PHASH_SIDE = 32  # pixels; what imagehash's pHash looks at
# Standard deviation of those pixels, in levels of 255. Below it the hash is made of
# compression noise, and all blank walls look alike. The flattest of 4,250 photographs
# and 2,000 CIFAR pictures has 12.6.
FLAT_LEVELS = 4.0

_DECODERS = [kind.decoder for kind in images.KINDS]
_CHUNK = 16  # pictures a worker takes at a time, about 50 ms of work


def fingerprint(data: bytes) -> Fingerprint:
    """Fingerprint one picture from its file's bytes.

    Raises:
        service.images.ImageError: the bytes cannot be decoded to the end.
    """
    image = images.decode(data)
    with Image.open(io.BytesIO(data), formats=_DECODERS) as header:
        width, height = header.size
    grey = image.convert("L").resize(
        (PHASH_SIDE, PHASH_SIDE), Image.Resampling.LANCZOS, reducing_gap=2.0
    )
    is_flat = float(np.asarray(grey).std()) < FLAT_LEVELS
    phash = "" if is_flat else str(imagehash.phash(grey))
    return Fingerprint(hashlib.sha256(data).hexdigest(), phash, width, height)


def scan(paths: Sequence[Path]) -> list[Fingerprint | Excluded]:
    """Fingerprint files in worker processes, with a progress bar on a terminal's stderr.

    Returns:
        as many as `paths` and in their order; Excluded for a file that is no picture.
    Raises:
        DataError: a worker process died.
    """
    pool = ProcessPoolExecutor(usable_cores(), initializer=_start_worker)
    try:
        results = pool.map(_scan_one, paths, chunksize=_CHUNK)
        bar = tqdm(results, "Reading pictures", len(paths), unit="", disable=None, leave=False)
        return list(bar)
    except BrokenProcessPool as exc:
        raise DataError(
            f"A process that was reading the {len(paths)} pictures died, most likely for want "
            "of memory. Free some, or take fewer cores (`taskset -c 0 ...`), and try again."
        ) from exc
    finally:
        pool.shutdown(cancel_futures=True)


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
        return Excluded(path, f"unreadable: {exc}")
    except OSError as exc:
        return Excluded(path, f"unreadable: the file cannot be opened ({exc.strerror})")
