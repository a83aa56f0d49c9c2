"""The process that holds the network dies."""

import shutil
import time
from pathlib import Path

import httpx
import psutil

from service import artifact
from tests import live_server, pictures
from tests.live_server import Server

RESTART_TIMEOUT_S = 30


def network_process(server: Server) -> psutil.Process:
    children = psutil.Process(server.pid).children(recursive=True)
    return next(child for child in children if "Network" in child.cmdline())


def promote_another(artifact_folder: Path, home: Path, tmp_path: Path) -> None:
    """A model that is twice as sure of the same pictures."""
    other = tmp_path / "other"
    shutil.copytree(artifact_folder, other)
    card = artifact.read_card(other)
    sharper = card.calibration.model_copy(update={"temperature": card.calibration.temperature / 2})
    artifact.write_card(other, card.model_copy(update={"calibration": sharper}))
    live_server.add_to_store(other, home)


def answer_in_time(url: str) -> httpx.Response:
    """The first good answer; the ones before it must say that they are none."""
    deadline = time.monotonic() + RESTART_TIMEOUT_S
    while time.monotonic() < deadline:
        response = httpx.post(f"{url}/predict", content=pictures.plain(), timeout=30)
        if response.status_code == 200:
            return response
        assert response.status_code == 503
        assert response.headers["retry-after"]
    raise AssertionError(f"no good answer within {RESTART_TIMEOUT_S} s")


def test_killed_network_comes_back_with_the_model_it_had_though_another_was_promoted(
    artifact_folder: Path, bentoml_home: Path, server: Server, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    shutil.copytree(bentoml_home, home)
    with live_server.running(home, tmp_path / "log.txt", server.tag) as own:
        before = answer_in_time(own.url).json()
        promote_another(artifact_folder, home, tmp_path)
        killed = network_process(own)
        killed.kill()
        killed.wait()
        assert answer_in_time(own.url).json() == before
        assert before["model"] == server.tag
        assert httpx.get(f"{own.url}/model").json()["tag"] == server.tag
