"""What goes into the image, laid out in one folder. The same commit and model, the same bytes."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from deploy.image import bill, packages
from deploy.image.errors import ImageError
from deploy.image.packages import IN_IMAGE
from service import artifact, store

BILL = "sbom.cdx.json"


def lay_out(context: Path, requirements: Path, tag: str, epoch_s: int) -> None:
    """Fill an empty folder with all that the Dockerfile copies.

    Args:
        requirements: the locked set to install.
        tag: the model's.
        epoch_s: Unix time that every file is said to be of.
    Raises:
        ImageError: a tool failed, and says why.
        StoreError, ArtifactError: there is no such model, or it is damaged.
    """
    folder, exact_tag = store.path_of(tag)
    card = artifact.verify(folder)
    _home(context / "home", folder)
    _bento(context / "bento", folder)
    packages.compile_all(context / "bento/src", f"{IN_IMAGE}/bento/src")
    packages.install(requirements, context / "packages")
    packages.compile_all(context / "packages", f"{IN_IMAGE}/packages")
    bill.write(context / BILL, context / "packages", exact_tag, card)
    _settle(context, epoch_s)


def _home(home: Path, model: Path) -> None:
    """A BENTOML_HOME with one model, and the folders that BentoML would make."""
    for name in ("bentos", "envs", "tmp"):
        (home / name).mkdir(parents=True)
    shutil.copytree(model, home / "models" / store.NAME / model.name)
    (home / "models" / store.NAME / "latest").write_text(model.name)


def _bento(path: Path, model: Path) -> None:
    """The bento of a model, named after it; in a store of its own, as it is to be `latest` there.

    Raises:
        ImageError: BentoML could not build it.
    """
    with TemporaryDirectory() as scratch:
        models = Path(scratch) / "models" / store.NAME
        models.mkdir(parents=True)
        (models / model.name).symlink_to(model)
        (models / "latest").write_text(model.name)
        done = subprocess.run(
            [sys.executable, "-m", "bentoml", "build", "--version", model.name],
            env=os.environ | {"BENTOML_HOME": scratch, "BENTOML_DO_NOT_TRACK": "True"},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise ImageError(f"BentoML could not build the bento: {done.stdout}{done.stderr}")
        shutil.copytree(Path(scratch) / "bentos" / store.NAME / model.name, path)
    description = path / "bento.yaml"
    # The moment of the build, in the one file that has it.
    text = re.sub(r"(?m)^creation_time: .*\n", "", description.read_text())
    description.write_text(text)


def _settle(context: Path, epoch_s: int) -> None:
    """One time for all files; readable to all, writable to root alone."""
    for path in (context, *context.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
        os.utime(path, (epoch_s, epoch_s), follow_symlinks=False)
