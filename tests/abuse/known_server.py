"""A live server for commands, which have no pytest to give them one."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests import known_network, live_server
from tests.live_server import Server


@contextmanager
def running(folder: Path, **settings: str) -> Iterator[Server]:
    """Serves `tests.known_network`; keeps its model, its store and its log in `folder`."""
    known_network.write_artifact(folder / "artifact")
    tag = live_server.add_to_store(folder / "artifact", folder / "store")
    with live_server.running(folder / "store", folder / "server.log", tag, **settings) as server:
        yield server
