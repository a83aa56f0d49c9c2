"""From one model to another under load, two containers behind nginx: no request is lost."""

import asyncio
import os
import shutil
import signal
import subprocess
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path

import httpx
import pytest

from benchmarks.serving.server import free_port
from service import artifact
from tests import live_server, nginx, pictures
from tests.image import container
from tests.image.conftest import Built, unavailable
from tests.pictures import RED

CLIENTS = 8
TIMEOUT_S = 60


@pytest.fixture(scope="session")
def other(
    built: Built, artifact_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Built]:
    """The same image with another model, which is surer of the same pictures."""
    work = tmp_path_factory.mktemp("other")
    folder, home, build = work / "artifact", work / "home", work / "build"
    shutil.copytree(artifact_folder, folder)
    card = artifact.read_card(folder)
    surer = card.calibration.model_copy(update={"temperature": card.calibration.temperature / 2})
    artifact.write_card(folder, card.model_copy(update={"calibration": surer}))
    tag = live_server.add_to_store(folder, home)
    version = tag.partition(":")[2]
    shutil.copytree(home / "models" / "catdog" / version, build / version)
    (build / "Dockerfile").write_text(
        f"FROM {built.name}\n"
        f"COPY {version} /opt/catdog/home/models/catdog/{version}\n"
        f"ENV CATDOG_MODEL={tag}\n"
    )
    command = [built.engine, "build", "--tag", tag, str(build)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    yield Built(built.engine, tag, home, tag)
    subprocess.run([built.engine, "rmi", "--force", tag], capture_output=True, check=False)


@pytest.fixture
def places(tmp_path: Path) -> Iterator[tuple[str, int, int]]:
    """nginx as deploy/nginx.conf has it: its URL, and the ports of the two places behind it."""
    if not nginx.is_installed():
        unavailable("nginx is missing: apt-get install nginx-light.")
    first, second = free_port(), free_port()
    with nginx.running(tmp_path, first, second) as url:
        yield url, first, second


@asynccontextmanager
async def load(url: str) -> AsyncIterator[Counter[str]]:
    """Clients that ask all the time: how often which model answered, and every other outcome."""
    came: Counter[str] = Counter()
    is_over = asyncio.Event()

    async def client() -> None:
        async with httpx.AsyncClient(base_url=url, timeout=TIMEOUT_S) as http:
            while not is_over.is_set():
                try:
                    answer = await http.post("/predict", content=pictures.plain(RED, size=(8, 8)))
                except httpx.TransportError as exc:
                    came[repr(exc)] += 1
                    continue
                is_good = answer.status_code == 200
                came[answer.json()["model"] if is_good else f"{answer.status_code}"] += 1

    async with asyncio.TaskGroup() as clients:
        for _ in range(CLIENTS):
            clients.create_task(client())
        try:
            yield came
        finally:
            is_over.set()


async def until_more_answers(came: Counter[str], tag: str) -> None:
    wanted, deadline = came[tag] + 4 * CLIENTS, time.monotonic() + TIMEOUT_S
    while came[tag] < wanted:
        assert time.monotonic() < deadline, f"{tag} does not answer: {came}"
        await asyncio.sleep(0.05)


def test_replacing_both_containers_under_load_loses_no_request(
    built: Built, other: Built, places: tuple[str, int, int]
) -> None:
    url, *ports = places

    async def roll() -> Counter[str]:
        with ExitStack() as containers:

            def start(image: Built, port: int) -> container.Container:
                own = container.started(image.engine, image.name, port=port)
                return containers.enter_context(own)

            old = [start(built, port) for port in ports]
            for each in old:
                each.wait_until_ready()
            async with load(url) as came:
                await until_more_answers(came, built.tag)
                for each in old:  # the order that docs/image.md gives
                    os.kill(each.pid(), signal.SIGTERM)
                    assert await asyncio.to_thread(each.wait) == 0
                    new = await asyncio.to_thread(start, other, each.port)
                    await asyncio.to_thread(new.wait_until_ready)
                    await until_more_answers(came, other.tag)
            return came

    came = asyncio.run(roll())
    assert set(came) == {built.tag, other.tag}, came
