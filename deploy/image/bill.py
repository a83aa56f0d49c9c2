"""The software bill of materials: CycloneDX, of the packages and the model in the image."""

import json
import os
import subprocess
import sys
from pathlib import Path

from deploy.image.errors import ImageError
from service.artifact import Card


def write(path: Path, packages: Path, tag: str, card: Card) -> None:
    """Write the bill.

    The base image is not in it: whoever makes that knows what is in it.

    Args:
        packages: the folder that they were installed into.
        tag: the model's, exact.
    Raises:
        ImageError: cyclonedx-py failed.
    """
    command = [sys.executable, "-m", "cyclonedx_py", "environment", "--output-reproducible"]
    command += ["--pyproject", "pyproject.toml", "--output-file", str(path)]
    command += ["--no-validate"]  # against its own schema, which takes 25 s of a core
    done = subprocess.run(
        [*command, "-S", sys.executable],  # -S: its own packages are none of the image's
        env=os.environ | {"PYTHONPATH": str(packages), "PYTHONNOUSERSITE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise ImageError(f"cyclonedx-py could not list the packages: {done.stderr.strip()}")
    bill = json.loads(path.read_text())
    bill["components"].append(_model(tag, card))
    path.write_text(json.dumps(bill, indent=2) + "\n")


def _model(tag: str, card: Card) -> dict[str, object]:
    """The model as a component, with each file's digest."""
    name, _, version = tag.partition(":")
    return {
        "type": "machine-learning-model",
        "bom-ref": tag,
        "name": f"{name} model",
        "version": version,
        "description": f"{card.recipe.backbone}, fine-tuned on {card.dataset.name}",
        "components": [
            {
                "type": "file",
                "bom-ref": f"{tag}/{file}",
                "name": file,
                "hashes": [{"alg": "SHA-256", "content": digest}],
            }
            for file, digest in card.files.items()
        ],
    }
