"""BentoML's model store, where promoted models live: found by tag, kept as folders.

The store's file `latest` names the model in service. Here it changes in one step, by
processes that take turns, and a model joins the store by one rename. So whoever is
killed, or runs out of disk, leaves the model before in service, or the new one, whole.
"""

import fcntl
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import bentoml
from bentoml._internal.configuration.containers import BentoMLContainer
from bentoml._internal.models import ModelStore
from bentoml.exceptions import BentoMLException, NotFound

from service import artifact
from service.artifact import Card

NAME = "catdog"
LATEST = f"{NAME}:latest"
REPLACED = "replaced"  # metadata: tag of the model that was in service before
RUN = "run"  # metadata: name of the run that made it
# Beside the promoted models, on their disk. BentoML lists the folders in a model's folder
# as its versions; this one holds files only, and so it lists none.
_INCOMING = f"{NAME}.incoming"
_ANY = "any"
_TAG = re.compile(r"[a-z0-9]([a-z0-9._-]*[a-z0-9])?(:[a-z0-9]([a-z0-9._-]*[a-z0-9])?)?")
_DESCRIPTION = "model.yaml"  # BentoML's own, of each model


class StoreError(RuntimeError):
    """The store cannot give or take a model."""


class NoModel(StoreError):
    """No such model has been promoted."""


def path_of(tag: str = LATEST) -> tuple[Path, str]:
    """Where a promoted model lies, and its exact tag (`latest` is the one in service).

    Raises:
        NoModel: there is no such model; says what to do.
        StoreError: there is one, and it cannot be read.
    """
    if not _TAG.fullmatch(tag):
        raise _no_model(tag)
    folder()  # says what is wrong if there can be none
    try:
        # By its text, for which a bento has an alias: the model that it was built with.
        model = bentoml.models.get(tag)
    except NotFound as exc:
        raise _no_model(tag) from exc
    except Exception as exc:  # a damaged model.yaml raises whatever its parsers do
        raise StoreError(
            f"Model {tag!r} cannot be had from the store: {exc}. `make models` lists what is "
            "there, and `make rollback TAG=...` puts another one into service."
        ) from exc
    return Path(model.path), str(model.tag)


def add(exported: Path, in_place_of: str | None = _ANY, run: str = "") -> str:
    """Copy an exported model into the store, where it becomes `catdog:latest`.

    Args:
        run: name of the one that made it, by which `made_by` knows it.
        in_place_of: exact tag of what must be in service until then (None for nothing).
    Returns:
        The exact tag that the store gave it.
    Raises:
        ArtifactError: the folder is no sound artifact; the store is left as it was.
        StoreError: it cannot be copied, or another model came first; the store is left as
            it was.
    """
    card = artifact.verify(exported)
    with turn():
        replaced = in_service()
        if in_place_of not in (_ANY, replaced):
            raise StoreError(
                f"The new model was to replace {in_place_of or 'none'}, but "
                f"{replaced or 'none'} is in service by now. Nothing was changed: run the same "
                "command again."
            )
        incoming = folder().with_name(_INCOMING)
        shutil.rmtree(incoming, ignore_errors=True)  # what a killed process left
        try:
            incoming.mkdir()
            tag = _describe(incoming, card, replaced, run)
            for name in (*card.files, artifact.CARD):
                shutil.copyfile(exported / name, incoming / name)
                _flush(incoming / name)
            latest = _next_latest(tag)  # written while nothing is changed yet
            incoming.rename(folder() / tag.partition(":")[2])
            latest.replace(folder() / "latest")
        finally:
            shutil.rmtree(incoming, ignore_errors=True)
    return tag


@contextmanager
def turn() -> Iterator[None]:
    """Wait for this process's turn to change the store.

    Raises:
        StoreError: something could not be written within it.
    """
    models = folder()
    try:
        models.mkdir(parents=True, exist_ok=True)
        with models.with_name(f".{NAME}.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # the kernel lets go of it when we die
            yield
    except OSError as exc:
        raise StoreError(
            f"The model store {models.parent} cannot be written: {exc.strerror}. What is in "
            "service stays. Free some space there, or get the right to write, and run the same "
            "command again."
        ) from exc


def folder() -> Path:
    """Where our models lie: one folder a version, and the file `latest`.

    Raises:
        StoreError: BentoML cannot make its folders.
    """
    try:
        return Path(BentoMLContainer.model_store.get()._path) / NAME
    except (OSError, BentoMLException) as exc:
        raise StoreError(
            f"There can be no model store: {exc}. Point BENTOML_HOME at a folder that this user "
            "may write to."
        ) from exc


def in_service() -> str | None:
    """The exact tag of `latest`, be that model sound or not; None where there is none."""
    try:
        version = (folder() / "latest").read_text().strip()
    except FileNotFoundError:
        version = ""
    if version and (folder() / version).is_dir():
        return f"{NAME}:{version}"
    try:
        return path_of()[1]  # BentoML takes the newest where the file is gone
    except StoreError:
        return None


def made_by(run: str) -> str | None:
    """The exact tag of the model in service, if that run made it."""
    tag = in_service()
    if tag is None:
        return None
    try:
        metadata = bentoml.models.get(tag).info.metadata
    except Exception:  # a damaged model.yaml raises whatever its parsers do
        return None
    return tag if metadata.get(RUN) == run else None


def put_in_service(tag: str) -> None:
    """Make a model of the store `latest`, in one step. For who has the `turn`."""
    _next_latest(tag).replace(folder() / "latest")


def _next_latest(tag: str) -> Path:
    """The file that is to become `latest`."""
    path = folder() / ".latest"
    path.write_text(tag.partition(":")[2])
    _flush(path)
    return path


def _describe(incoming: Path, card: Card, replaced: str | None, run: str) -> str:
    """Let BentoML name and describe a model, in a store that is then thrown away.

    In the real one it would be registered before it is whole.
    """
    metadata = {"dataset": card.dataset.name, "backbone": card.recipe.backbone}
    metadata |= {key: value for key, value in ((REPLACED, replaced), (RUN, run)) if value}
    with TemporaryDirectory() as scratch:
        elsewhere = ModelStore(scratch)
        with bentoml.models.create(NAME, metadata=metadata, _model_store=elsewhere) as model:
            pass
        shutil.copyfile(Path(model.path) / _DESCRIPTION, incoming / _DESCRIPTION)
    _flush(incoming / _DESCRIPTION)
    return str(model.tag)


def _flush(path: Path) -> None:
    """Let a file reach the disk before anything names it: power can fail too."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _no_model(tag: str) -> NoModel:
    return NoModel(
        f"No model {tag!r} has been promoted. Run `make train` to make and promote one, "
        "or point BENTOML_HOME at the store that has it."
    )
