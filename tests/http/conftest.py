"""A second live server, with little room."""

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
    log = tmp_path_factory.mktemp("narrow") / "log.txt"
    settings = {"CATDOG_MAX_IN_FLIGHT": str(NARROW)}
    with live_server.running(bentoml_home, log, server.tag, **settings) as narrow:
        yield narrow
