"""A second live server, with little room."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import live_server
from tests.live_server import Server

NARROW = 8  # requests that it works on at once


@pytest.fixture(scope="session")
def narrow_server(
    bentoml_home: Path, server: Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """It works on `NARROW` requests at once."""
    folder = tmp_path_factory.mktemp("narrow")
    # A home of its own: a server that starts empties what its home keeps of metrics.
    home = shutil.copytree(bentoml_home, folder / "home")
    with live_server.running(
        home, folder / "log.txt", server.tag, CATDOG_MAX_IN_FLIGHT=str(NARROW)
    ) as narrow:
        yield narrow
