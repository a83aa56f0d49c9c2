"""BentoML's model store, where promoted models live: found by tag, kept as folders."""

import shutil
from pathlib import Path

import bentoml
from bentoml.exceptions import BentoMLException

from service import artifact

NAME = "catdog"
LATEST = f"{NAME}:latest"


class StoreError(RuntimeError):
    """No such model in the store."""


def path_of(tag: str = LATEST) -> tuple[Path, str]:
    """Where a promoted model lies, and its exact tag (`latest` moves with each promotion).

    Raises:
        StoreError: there is no such model; says what to do.
    """
    try:
        model = bentoml.models.get(tag)
    except (BentoMLException, ValueError) as exc:  # ValueError: not the form of a tag
        raise StoreError(
            f"No model {tag!r} has been promoted. Run `make train` to make and promote one, "
            "or point BENTOML_HOME at the store that has it."
        ) from exc
    return Path(model.path), str(model.tag)


def add(folder: Path) -> str:
    """Copy an exported model into the store, where it becomes `catdog:latest`.

    Returns:
        The exact tag that the store gave it.
    Raises:
        ArtifactError: the folder is no sound artifact; the store is left as it was.
    """
    card = artifact.verify(folder)
    metadata = {"dataset": card.dataset.name, "backbone": card.recipe.backbone}
    with bentoml.models.create(NAME, metadata=metadata) as model:
        for name in (*card.files, artifact.CARD):
            shutil.copyfile(folder / name, Path(model.path) / name)
    return str(model.tag)
