"""docker, podman or buildah: whichever works here builds the image."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from deploy.image.errors import ImageError

NAMES = ("docker", "podman", "buildah")
RUNNERS = ("docker", "podman")  # buildah builds only
# How a container is to be run: nothing to write to but /tmp, no capability, no right to gain.
HARDENED = (
    *("--read-only", "--tmpfs", "/tmp:size=64m"),  # noqa: S108 - the container's own
    *("--cap-drop", "all", "--security-opt", "no-new-privileges"),
)


def found(wanted: str = "", among: tuple[str, ...] = NAMES) -> str:
    """The engine to use: the wanted one, or the first that works.

    Docker's client is there on many machines whose daemon is not, so each is asked.

    Raises:
        ImageError: it does not work, or none does.
    """
    if wanted and wanted not in NAMES:
        raise ImageError(f"ENGINE is {wanted!r}: allowed are {', '.join(NAMES)}.")
    problems = []
    for name in (wanted,) if wanted else among:
        problem = _problem(name)
        if problem is None:
            return name
        problems.append(f"{name}: {problem}")
    raise ImageError(
        f"No engine for images works here. {'; '.join(problems)}. "
        "Install one (`apt-get install podman` on Debian), or start its daemon."
    )


def build(
    engine: str,
    context: Path,
    tag: str,
    *,
    dockerfile: Path,
    arguments: Mapping[str, str],
    labels: Mapping[str, str],
    epoch_s: int,
) -> None:
    """Build an image, with the engine's own words on the terminal.

    Args:
        epoch_s: Unix time that files and image are said to be of. Docker heeds it in the image's
            description only; the files that the image gets from `context` are of it anyway.
    Raises:
        ImageError: the engine failed.
    """
    command = [engine, "build", "--file", str(dockerfile), "--tag", tag]
    if engine != "docker":
        # Docker's format has health checks, OCI's has none.
        command += ["--format", "docker", "--layers", "--timestamp", str(epoch_s)]
    for key, value in arguments.items():
        command += ["--build-arg", f"{key}={value}"]
    for key, value in labels.items():
        command += ["--label", f"{key}={value}"]
    environment = os.environ | {"SOURCE_DATE_EPOCH": str(epoch_s)}
    done = subprocess.run([*command, str(context)], env=environment, check=False)
    if done.returncode:
        raise ImageError(f"{engine} could not build {tag}; it says why above.")


def _problem(name: str) -> str | None:
    """Why an engine cannot be used; None if it can."""
    if shutil.which(name) is None:
        return "not installed"
    done = subprocess.run([name, "info"], capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return None
    return (done.stderr.strip() or done.stdout.strip() or "does not work").splitlines()[-1]
