"""The image that these tests are about: of the known network, or the one CATDOG_IMAGE names.

Whoever has no engine, or may start no container, sees why, and all are skipped; with
CATDOG_IMAGE_TEST=required they fail instead.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from deploy.image import engine as engines
from deploy.image.errors import ImageError
from tests.image import container
from tests.image.container import Container
from tests.live_server import REPOSITORY


@dataclass(frozen=True)
class Built:
    """An image, the engine that runs it, and the store that has its model.

    tag: of the model, exact.
    """

    engine: str
    name: str
    home: Path
    tag: str

    def python(self, *words: str | Path) -> subprocess.CompletedProcess[str]:
        """Run a module of ours on this machine, with that store."""
        return subprocess.run(
            [sys.executable, "-m", *map(str, words)],
            cwd=REPOSITORY,
            env=os.environ | {"BENTOML_HOME": str(self.home)},
            capture_output=True,
            text=True,
            check=False,
        )


def unavailable(why: str) -> None:
    """Skip, or fail where these tests are required."""
    if os.environ.get("CATDOG_IMAGE_TEST") == "required":
        pytest.fail(why)
    pytest.skip(f"{why} docs/image.md says what these tests need.")


@pytest.fixture(scope="session")
def engine() -> str:
    """docker or podman."""
    try:
        return engines.found(os.environ.get("ENGINE", ""), among=engines.RUNNERS)
    except ImageError as exc:
        unavailable(str(exc))
        raise


@pytest.fixture(scope="session")
def base(engine: str) -> str:
    """What BASE_IMAGE names, or a base made with debootstrap; one that can be started."""
    name = os.environ.get("BASE_IMAGE", "")
    if not name:
        cache = Path(os.environ.get("CATDOG_CACHE") or REPOSITORY / ".cache") / "image"
        command = [sys.executable, "-m", "deploy.image", "base", "--engine", engine]
        command += ["--cache", str(cache)]
        made = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
        if made.returncode:
            unavailable(f"No base image: set BASE_IMAGE to one. {made.stderr}")
        name = "localhost/catdog-base"
    command = [engine, "run", "--rm", *engines.HARDENED, "--network", "none", name]
    run = subprocess.run([*command, "python3", "-V"], capture_output=True, text=True, check=False)
    if run.returncode or not run.stdout.startswith("Python 3.11."):
        unavailable(f"{engine} cannot start Python 3.11 in {name}: {run.stdout}{run.stderr}")
    return name


@pytest.fixture(scope="session")
def built(engine: str, request: pytest.FixtureRequest) -> Iterator[Built]:
    """The image under test."""
    named = os.environ.get("CATDOG_IMAGE")
    if named:
        home = Path(os.environ["BENTOML_HOME"])
        yield Built(engine, named, home, named.removeprefix("localhost/"))
        return
    base: str = request.getfixturevalue("base")
    home = request.getfixturevalue("bentoml_home")
    tag = f"catdog:{(home / 'models' / 'catdog' / 'latest').read_text()}"
    built = Built(engine, tag, home, tag)
    bills = str(request.getfixturevalue("tmp_path_factory").mktemp("bills"))
    options = ("--base", base, "--engine", engine, "--bills", bills)
    done = built.python("deploy.image", "build", *options)
    assert done.returncode == 0, done.stdout + done.stderr
    yield built
    subprocess.run([engine, "rmi", "--force", tag], capture_output=True, check=False)


@pytest.fixture(scope="session")
def isolated(built: Built) -> Iterator[Container]:
    """A container that has no network at all, not even while it starts; ready."""
    with container.started(built.engine, built.name, network=False) as isolated:
        isolated.wait_until_ready_without_network()
        yield isolated
