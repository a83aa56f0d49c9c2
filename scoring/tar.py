"""The pictures of a WebDataset shard: a tar, of which only headers are read here."""

import tarfile
from collections.abc import Iterator

from scoring.place import Place, reason
from scoring.reference import Reference

# What else lies in a shard (.json, .cls, .txt) belongs to a picture of the same name.
PICTURE_ENDINGS = (
    *(".jpg", ".jpeg", ".png", ".gif", ".bmp", ".tif", ".tiff", ".webp", ".avif", ".heic"),
    ".heif",
)
_AHEAD_BYTES = 1024 * 1024  # a request to an object store for each header takes longer


def members(place: Place) -> Iterator[Reference]:
    """Every picture of a tar, in its order.

    What is damaged comes as a reference with its trouble, after all that could be read.
    """
    n_found = 0
    try:
        with (
            place.open_ahead(_AHEAD_BYTES) as file,
            tarfile.open(fileobj=file, mode="r:") as archive,
        ):
            while (member := archive.next()) is not None:
                # It would keep them all.
                archive.members = []  # type: ignore[attr-defined]  # not in its stub
                if member.isreg() and member.name.lower().endswith(PICTURE_ENDINGS):
                    n_found += 1
                    yield Reference(
                        place.address, member.name, offset=member.offset_data, size=member.size
                    )
            file.seek(archive.offset)  # where `tarfile` saw an end, or what it takes for one
            if file.read(tarfile.BLOCKSIZE) != bytes(tarfile.BLOCKSIZE):
                raise tarfile.ReadError("it is cut off or damaged there")
    except (OSError, tarfile.TarError) as exc:
        trouble = f"The archive cannot be read past its {n_found} pictures: {reason(exc)}."
        yield Reference(place.address, trouble=trouble)
