"""A live server whose model has figures of a test part, as every trained one has."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from service import artifact
from service.artifact import Card, Interval, Metrics
from tests import live_server
from tests.live_server import Server

NOTHING = {"cat": 0, "dog": 0, "neither": 0}
TESTED = Metrics(
    part="test",
    accuracy=Interval(value=0.9, low=0.8, high=0.95, n=100),
    log_loss=0.3,
    calibration_error=0.02,
    confusion={
        "cat": {"cat": 45, "dog": 3, "neither": 2},
        "dog": {"cat": 5, "dog": 45, "neither": 0},
        "neither": NOTHING,
    },
    turned_away=Interval(value=0.02, low=0.0, high=0.05, n=100),
)


@pytest.fixture(scope="session")
def tested_server(
    artifact_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """It serves the known network, with `TESTED` on its card."""
    folder, home = tmp_path_factory.mktemp("tested") / "artifact", tmp_path_factory.mktemp("home")
    shutil.copytree(artifact_folder, folder)
    card = artifact.read_card(folder)
    artifact.write_card(folder, card.model_copy(update={"metrics": TESTED}))
    tag = live_server.add_to_store(folder, home)
    with live_server.running(home, folder.parent / "log.txt", tag) as server:
        yield server


@pytest.fixture(scope="session")
def known_card(artifact_folder: Path) -> Card:
    """The card of the known network."""
    return artifact.read_card(artifact_folder)
