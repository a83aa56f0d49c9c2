"""Build images.

python -m deploy.image build    the promoted model and the service
python -m deploy.image base     a base image, where no registry can be reached
python -m deploy.image context  what `build` gives its engine, for those who have another one
"""

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from shutil import copyfile
from tempfile import TemporaryDirectory

from deploy.image import context, engine
from deploy.image.errors import ImageError
from service import store
from service.artifact import ArtifactError
from service.store import StoreError

HERE = Path(__file__).parent
BASE = "localhost/catdog-base"
REQUIREMENTS = {"cpu": Path("requirements/serve.txt"), "gpu": Path("requirements/gpu.txt")}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Returns the exit status: 1 if no image came of it."""
    options = _parser().parse_args(arguments)
    try:
        if options.command == "context":
            _context(options.folder, options)
        elif options.command == "base":
            _base(engine.found(options.engine), options.cache)
        else:
            _build(engine.found(options.engine), options)
    except (ImageError, StoreError, ArtifactError) as exc:
        print(f"Error: {exc}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m deploy.image", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    commands = parser.add_subparsers(dest="command", required=True)
    build = commands.add_parser("build", help="an image of the promoted model")
    build.add_argument("--base", required=True, help="an image with Python 3.11 as python3")
    build.add_argument("--bills", type=Path, default=Path("dist"), help="where its SBOM goes, too")
    base = commands.add_parser("base", help=f"{BASE}, made with debootstrap")
    base.add_argument("--cache", type=Path, required=True, help="folder for base.tar, its files")
    laid_out = commands.add_parser("context", help="what goes into the image, in a folder")
    laid_out.add_argument("--folder", type=Path, required=True, help="made; must not be there")
    for command in (build, laid_out):
        command.add_argument("--variant", choices=REQUIREMENTS, default="cpu")
        command.add_argument("--model", default=store.LATEST, help="tag (default: %(default)s)")
    for command in (build, base):
        command.add_argument("--engine", default="", help=" or ".join(engine.NAMES))
    return parser


def _context(folder: Path, options: argparse.Namespace) -> int:
    """Lay it out. Returns the Unix time that its files are of."""
    epoch_s = int(os.environ.get("SOURCE_DATE_EPOCH") or _git("log", "-1", "--format=%ct") or 0)
    folder.mkdir(parents=True)
    context.lay_out(folder, REQUIREMENTS[options.variant], options.model, epoch_s)
    return epoch_s


def _build(chosen: str, options: argparse.Namespace) -> None:
    _, tag = store.path_of(options.model)
    suffix = "" if options.variant == "cpu" else f"-{options.variant}"
    image = f"{tag}{suffix}"
    with TemporaryDirectory(prefix="catdog-image-") as work:
        print(f"== Packages, bento and model of {tag}", flush=True)
        folder = Path(work) / "context"
        epoch_s = _context(folder, options)
        bill = options.bills / f"{image.replace(':', '-')}.cdx.json"
        bill.parent.mkdir(parents=True, exist_ok=True)
        copyfile(folder / context.BILL, bill)
        print(f"== {chosen} builds {image} on {options.base}", flush=True)
        try:
            engine.build(
                chosen,
                folder,
                image,
                dockerfile=HERE / "Dockerfile",
                arguments={"BASE_IMAGE": options.base},
                labels={
                    "org.opencontainers.image.title": store.NAME,
                    "org.opencontainers.image.version": tag.partition(":")[2],
                    "org.opencontainers.image.revision": _revision(),
                },
                epoch_s=epoch_s,
            )
        except ImageError as exc:
            raise ImageError(
                f"{exc} Where the base cannot be pulled, BASE_IMAGE names another; where no "
                f"registry can be reached, `make image-base` makes one: then BASE_IMAGE={BASE}."
            ) from exc
    print(f"== {image} is there, and what is in it is listed in {bill}")


def _base(chosen: str, cache: Path) -> None:
    """Build it from base.sh's archive, which is made where there is none."""
    archive = cache / "base.tar"
    if not archive.exists() and subprocess.run([HERE / "base.sh", archive], check=False).returncode:
        raise ImageError("The base's files could not be made; it says why above.")
    engine.build(
        chosen,
        cache,
        BASE,
        dockerfile=HERE / "base.Dockerfile",
        arguments={},
        labels={},
        epoch_s=int(archive.stat().st_mtime),
    )
    print(f"== {BASE} is there, made from {archive}; delete that for newer security updates")


def _revision() -> str:
    """The commit, and whether anything was changed since."""
    return _git("describe", "--always", "--dirty", "--abbrev=40", "--exclude=*") or "unknown"


def _git(*words: str) -> str:
    """What git says of this checkout; nothing where it is none."""
    done = subprocess.run(["git", *words], capture_output=True, text=True, check=False)
    return done.stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
