"""Pictures decoded once: what every epoch after the first reads instead of the files."""

import hashlib
import shutil
from pathlib import Path

import numpy as np
import PIL

from data.cache import place
from data.manifest import read_bytes
from data.picture import Row
from service import images
from service.images import decode, shrink_for_training
from service.whole import replacing

# Left free for checkpoints, exports and others: to keep no more pictures costs time, a checkpoint
# that finds no room ends the run. One of a ResNet-152 tuned from end to end, and its export, take
# under 3 GB: 0.7 GB of weights and optimizer, twice while a checkpoint replaces the one before.
RESERVE_BYTES = 5 * 2**30


class Decoder:
    """Rows to uint8 pictures at training size, kept on disk if so wished.

    A picture takes 200 kB (its short side is 256), as one `.npy` file named after its
    digest in a folder named after what was done to it: another version of any of that
    finds an empty folder. Whoever finds no file decodes and writes one; two who do so at
    once write the same. The last 5 GiB of the disk are left free.
    """

    def __init__(self, keeps: bool) -> None:
        self.folder = place(f"pictures/{_key()}") if keeps else None

    def __call__(self, row: Row) -> np.ndarray:
        """(H, W, 3) uint8 RGB, see `service.images.shrink_for_training`.

        Raises:
            DataError: the file is gone or has changed (where it has to be read).
        """
        if self.folder is None:
            return _decoded(row)
        path = self.folder / row.sha256[:2] / f"{row.sha256}.npy"
        try:
            kept: np.ndarray = np.load(path, allow_pickle=False)
        except (OSError, ValueError, EOFError):  # not there, or cut short
            kept = _decoded(row)
            _keep(path, kept)
        return kept


def _decoded(row: Row) -> np.ndarray:
    return shrink_for_training(decode(read_bytes(row)))


def _keep(path: Path, image_uint8: np.ndarray) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Asked for each picture: 6 microseconds, of the milliseconds that decoding took.
        if shutil.disk_usage(path.parent).free < RESERVE_BYTES + image_uint8.nbytes:
            return
        with replacing(path) as partial, partial.open("wb") as file:
            np.save(file, image_uint8, allow_pickle=False)
    except OSError:  # a full disk costs time, not the run
        pass


def _key() -> str:
    done = (
        images.VERSION,
        images.TRAINING_SIDE,
        images.MAX_ASPECT,
        images.INTERPOLATION,
        PIL.__version__,
    )
    return hashlib.sha256(repr(done).encode()).hexdigest()[:16]
