"""What tests of several folders share: photographs, model stores, the known artifact served."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

import service  # noqa: F401  # first of all: no test is to tell OpenVINO's maker of us
from tests import known_network, live_server
from tests.live_server import Server
from tests.model_store import using


@pytest.fixture
def photographs() -> Path:
    """The folder that CATDOG_PHOTOS names, with cat/ and dog/."""
    if not (folder := os.environ.get("CATDOG_PHOTOS")):
        pytest.skip("needs real photographs: set CATDOG_PHOTOS to a folder with cat/ and dog/")
    return Path(folder)


@pytest.fixture
def model_store(tmp_path: Path) -> Iterator[Path]:
    """An empty one, which this process uses."""
    with using(tmp_path / "models") as folder:
        yield folder


@pytest.fixture
def heeds_ctrl_c() -> Iterator[None]:
    """As in a terminal, as do its children; what a shell starts in the background ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session")
def artifact_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The artifact of `tests.known_network`. Not to be changed: copy it."""
    folder = tmp_path_factory.mktemp("known") / "artifact"
    known_network.write_artifact(folder)
    return folder


@pytest.fixture(scope="session")
def bentoml_home(artifact_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model store in which that artifact is promoted."""
    home = tmp_path_factory.mktemp("bentoml")
    live_server.add_to_store(artifact_folder, home)
    return home


@pytest.fixture(scope="session")
def server(bentoml_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A live server, one for all tests."""
    (folder,) = (p for p in (bentoml_home / "models" / "catdog").iterdir() if p.is_dir())
    log = tmp_path_factory.mktemp("server") / "log.txt"
    with live_server.running(bentoml_home, log, f"catdog:{folder.name}") as server:
        yield server


@pytest.fixture(scope="session")
def client(server: Server) -> Iterator[httpx.Client]:
    """An HTTP client of that server."""
    with httpx.Client(base_url=server.url, timeout=30) as client:
        yield client
