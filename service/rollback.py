"""`make rollback`: put a promoted model back into service. Deletes nothing."""

from typing import NamedTuple

from service import artifact, store
from service.artifact import ArtifactError
from service.models import promoted
from service.store import StoreError


class Rollback(NamedTuple):
    """Tags of what was in service (None if nobody can tell) and of what is now."""

    before: str | None
    now: str

    def sentences(self) -> str:
        """What was done, and how to undo it."""
        if self.now == self.before:
            return f"{self.now} is in service already; nothing was changed."
        back = f" To come back: make rollback TAG={self.before}" if self.before else ""
        return (
            f"In service from the next start: {self.now}, in place of {self.before or 'none'}. "
            "A server that is running goes on with the model that it loaded: restart it. "
            f"Nothing was deleted.{back}"
        )


def roll_back(tag: str | None = None) -> Rollback:
    """Put a promoted model into service: the named one, or the one before the present one.

    Args:
        tag: `catdog:VERSION`, or as much of the version as tells it from others.
    Raises:
        StoreError: there is none, or it is damaged; nothing was changed.
    """
    with store.turn():
        before = store.in_service()
        target = _named(tag) if tag else _one_before(before)
        folder, _ = store.path_of(target)
        try:
            artifact.verify(folder)
        except ArtifactError as exc:
            raise StoreError(
                f"{target} was not put into service: {exc} Nothing was changed. Name another: "
                "make rollback TAG=..., of those that `make models` lists."
            ) from exc
        if target != before:
            store.put_in_service(target)
    return Rollback(before, target)


def _named(tag: str) -> str:
    name, colon, version = tag.rpartition(":")
    if colon and name != store.NAME:
        raise StoreError(
            f"{tag!r} is not a model of this service, whose tags are {store.NAME}:VERSION. "
            "`make models` lists them."
        )
    return store.path_of(f"{store.NAME}:{version}")[1]


def _one_before(tag: str | None) -> str:
    """The model that the one in service replaced when it was promoted.

    Not always the newest of the older ones: that may have been rolled back from. It is
    what remains to be taken where the replaced one is not known or no longer there.
    """
    if tag is None:
        return store.path_of()[1]  # which says what is the matter
    others = {model.tag: model for model in promoted()}
    present = others.pop(tag)
    if present.replaced in others:
        return present.replaced
    for other in others.values():  # newest first
        is_older = other.promoted and (not present.promoted or other.promoted < present.promoted)
        if is_older:
            return other.tag
    raise StoreError(
        f"There is nothing to roll back to: no model was promoted before {tag}, which is in "
        "service and stays. `make models` lists all there are."
    )
