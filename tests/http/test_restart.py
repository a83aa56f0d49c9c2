"""A process dies under load: no wrong answer, the truth from /readyz, and service again."""

import asyncio
import shutil
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from service import artifact
from tests import known_network, live_server, pictures
from tests.abuse.processes import process_of
from tests.live_server import Server
from tests.model_store import flip_a_bit
from tests.pictures import BLUE, RED

RESTART_TIMEOUT_S = 30
CLIENTS = 16


def promote_another(home: Path, tmp_path: Path) -> None:
    """A model that calls cats dogs, and is less sure of it."""
    other = tmp_path / "other"
    card = known_network.write_artifact(other, is_right=False)
    duller = card.calibration.model_copy(update={"temperature": card.calibration.temperature * 2})
    artifact.write_card(other, card.model_copy(update={"calibration": duller}))
    live_server.add_to_store(other, home)


async def ask(client: httpx.AsyncClient, n: int) -> str:
    """One picture of a known answer; what came of it, in a word."""
    rgb = (RED, BLUE)[n % 2]
    try:
        response = await client.post("/predict", content=pictures.plain(rgb, size=(8, 8)))
    except httpx.TransportError:
        return "no connection"
    if response.status_code != 200:
        has_advice = response.status_code == 503 and response.headers["retry-after"]
        return "503" if has_advice else f"wrong: {response.status_code} {response.text}"
    is_right = known_network.is_answer_to(rgb, response.json())
    return "200" if is_right else f"wrong: {rgb} got {response.text}"


@asynccontextmanager
async def load(server: Server) -> AsyncIterator[Counter[str]]:
    """Clients that ask all the time; what came of their requests."""
    came: Counter[str] = Counter()

    async def client(n: int) -> None:
        async with httpx.AsyncClient(base_url=server.url, timeout=RESTART_TIMEOUT_S) as http:
            while True:
                came[await ask(http, n)] += 1

    async with asyncio.TaskGroup() as group:
        clients = [group.create_task(client(n)) for n in range(CLIENTS)]
        yield came
        for task in clients:
            task.cancel()


async def wait_until_ready_is(server: Server, status: int) -> None:
    deadline = time.monotonic() + RESTART_TIMEOUT_S
    async with httpx.AsyncClient(base_url=server.url, timeout=RESTART_TIMEOUT_S) as client:
        while time.monotonic() < deadline:
            try:
                if (await client.get("/readyz")).status_code == status:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.05)
    raise AssertionError(f"/readyz did not become {status}")


async def kill_under_load(server: Server, service: str) -> Counter[str]:
    """Kill a service's process in the midst of requests; go on until it serves again."""
    async with load(server) as came:
        while came["200"] < CLIENTS:
            await asyncio.sleep(0.05)
        process_of(server, service).kill()
        if service == "Network":  # else nobody is there who could say so
            await wait_until_ready_is(server, 503)
        await wait_until_ready_is(server, 200)
        before = came["200"]
        while came["200"] < before + CLIENTS:
            await asyncio.sleep(0.05)
    return came


@pytest.mark.parametrize("service", ["Network", "CatDog"])
def test_killed_process_comes_back_and_meanwhile_no_answer_is_wrong(
    bentoml_home: Path, server: Server, tmp_path: Path, service: str
) -> None:
    with live_server.running(bentoml_home, tmp_path / "log.txt", server.tag) as own:
        came = asyncio.run(kill_under_load(own, service))
    lost = set() if service == "Network" else {"no connection"}
    assert set(came) <= {"200", "503"} | lost


@pytest.mark.parametrize("service", ["Network", "CatDog"])
def test_killed_process_comes_back_with_the_model_it_had_though_another_was_promoted(
    bentoml_home: Path, server: Server, tmp_path: Path, service: str
) -> None:
    home = tmp_path / "home"
    shutil.copytree(bentoml_home, home)
    with live_server.running(home, tmp_path / "log.txt", server.tag) as own:
        before = httpx.post(f"{own.url}/predict", content=pictures.plain()).json()
        promote_another(home, tmp_path)
        killed = process_of(own, service)
        killed.kill()
        killed.wait()
        asyncio.run(wait_until_ready_is(own, 200))
        after = httpx.post(f"{own.url}/predict", content=pictures.plain())
        assert after.json() == before
        assert before["model"] == server.tag
        assert httpx.get(f"{own.url}/model").json()["tag"] == server.tag


def test_a_model_that_was_damaged_since_is_refused_by_whoever_starts_anew(
    bentoml_home: Path, server: Server, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    shutil.copytree(bentoml_home, home)
    with live_server.running(home, tmp_path / "log.txt", server.tag) as own:
        for weights in home.rglob(artifact.OPENVINO_WEIGHTS):
            flip_a_bit(weights)
        process_of(own, "Network").kill()
        deadline = time.monotonic() + RESTART_TIMEOUT_S
        while "is damaged or was changed" not in own.log.read_text():
            assert time.monotonic() < deadline
            time.sleep(0.1)
        assert httpx.get(f"{own.url}/readyz").status_code == 503
