"""What happens to the processes that decode, under load, and what their clients notice."""

import asyncio
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import psutil
import pytest
from PIL import Image

from tests import known_network, live_server, pictures
from tests.http.problem import assert_problem
from tests.live_server import Server

NEIGHBOURS = 24
WAIT_S = 30
DECODE_TIMEOUT_S = 6
DECODE_CPU_TIMEOUT_S = 2


@pytest.fixture(scope="module")
def own(
    bentoml_home: Path, server: Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """A server that these tests may harm, with a time limit that they can wait for."""
    log = tmp_path_factory.mktemp("accidents") / "log.txt"
    limits = {
        "CATDOG_DECODE_TIMEOUT_S": str(DECODE_TIMEOUT_S),
        "CATDOG_DECODE_CPU_TIMEOUT_S": str(DECODE_CPU_TIMEOUT_S),
    }
    with live_server.running(bentoml_home, log, server.tag, **limits) as own:
        yield own


def decoders(server: Server) -> list[psutil.Process]:
    """The processes that decode, of the whole server."""
    children = psutil.Process(server.pid).children(recursive=True)
    return [c for c in children if is_decoder(c)]


def is_decoder(process: psutil.Process) -> bool:
    try:
        return "service.decode_worker" in process.cmdline()
    except psutil.NoSuchProcess:
        return False


def at_work_on_the_large_picture(server: Server) -> psutil.Process | None:
    """The one that holds tens of megapixels; the small pictures of others take no memory."""
    return next((p for p in decoders(server) if p.memory_info().rss > 120e6), None)


async def seen_at_work(server: Server) -> psutil.Process:
    deadline = time.monotonic() + WAIT_S
    while (process := at_work_on_the_large_picture(server)) is None:
        assert time.monotonic() < deadline, "no process ever worked on it"
        await asyncio.sleep(0.005)
    return process


async def ask_while(http: httpx.AsyncClient, n: int, victim: asyncio.Task) -> list[str]:
    """A neighbour's requests, until the victim has its answer. Returns what went wrong."""
    rgb = (10 * n, 9 * n, 128)
    picture = pictures.plain(rgb, size=(8, 8))
    wrong = []
    while not victim.done():
        response = await http.post("/predict", content=picture)
        if response.status_code != 200:
            wrong.append(f"{response.status_code} {response.text}")
            continue
        if not known_network.is_answer_to(rgb, response.json()):
            wrong.append(f"{rgb} got {response.json()}")
    return wrong


def among_neighbours(
    server: Server, data: bytes, accident: Callable[[psutil.Process], None] | None
) -> httpx.Response:
    """Send a picture, and let the accident happen to the process that decodes it.

    Returns:
        its answer; every one of the neighbours' was right.
    """

    async def all_at_once() -> httpx.Response:
        async with httpx.AsyncClient(base_url=server.url, timeout=60) as http:
            victim = asyncio.create_task(http.post("/predict", content=data))
            neighbours = [
                asyncio.create_task(ask_while(http, n, victim)) for n in range(NEIGHBOURS)
            ]
            if accident is not None:
                accident(await seen_at_work(server))
            response = await victim
            assert [w for each in await asyncio.gather(*neighbours) for w in each] == []
            return response

    return asyncio.run(all_at_once())


def test_killed_decoder_costs_the_one_request_and_is_replaced(own: Server) -> None:
    before = {p.pid for p in decoders(own)}
    response = among_neighbours(own, pictures.endless(), psutil.Process.kill)
    assert "crashed" in assert_problem(response, 422, "damaged-picture")
    after = {p.pid for p in decoders(own)}
    assert len(after) == len(before)
    assert len(after - before) == 1
    assert "exit status -9" in own.log.read_text()


def test_stopped_decoder_costs_the_one_request_and_is_replaced(own: Server) -> None:
    stopped = []

    def stop(process: psutil.Process) -> None:
        process.suspend()
        stopped.append(process)

    response = among_neighbours(own, pictures.slow(), stop)
    detail = assert_problem(response, 422, "damaged-picture")
    assert f"{DECODE_TIMEOUT_S} s in all" in detail
    assert not stopped[0].is_running()


def test_a_picture_made_to_take_for_ever_costs_its_time_and_nobody_else(own: Server) -> None:
    response = among_neighbours(own, pictures.endless(), None)
    detail = assert_problem(response, 422, "damaged-picture")
    assert f"{DECODE_CPU_TIMEOUT_S} s of a core" in detail


def test_a_batch_of_pictures_that_take_for_ever_leaves_others_a_decoder(own: Server) -> None:
    n_endless = 2 * len(decoders(own))
    files = [("image", ("a.jpg", pictures.endless()))] * n_endless

    async def beside_it() -> tuple[int, int]:
        async with httpx.AsyncClient(base_url=own.url, timeout=60) as http:
            batch = asyncio.create_task(http.post("/predict/batch", files=files))
            await seen_at_work(own)
            n_answered = 0
            while not batch.done():
                response = await http.post("/predict", content=pictures.plain())
                n_answered += response.status_code == 200 and not batch.done()
            errors = [p["error"]["status"] for p in (await batch).json()["predictions"]]
            return n_answered, errors.count(422)

    n_answered, n_refused = asyncio.run(beside_it())
    assert n_refused == n_endless
    if n_endless > 2:  # with one decoder, one comes between two of the batch
        assert n_answered > 3 * n_endless, "others waited for the batch"


def test_decoders_killed_while_idle_cost_nobody_anything(own: Server) -> None:
    for process in decoders(own):
        process.kill()
    response = httpx.post(f"{own.url}/predict", content=pictures.plain(), timeout=30)
    assert response.status_code == 200


def test_what_libraries_print_about_a_picture_is_not_logged(own: Server) -> None:
    image = Image.new("RGB", (64, 48))
    data = pictures.encode(image, "TIFF", compression="tiff_lzw")
    httpx.post(f"{own.url}/predict", content=data.replace(b"\x80\x00", b"\xff\xff"), timeout=30)
    assert "not yet in table" not in own.log.read_text()


def test_no_decoder_outlives_the_http_process_however_that_dies(own: Server) -> None:
    """Comes last: what is left of the server is of no more use."""
    orphans = decoders(own)
    (parent,) = {p.ppid() for p in orphans}
    psutil.Process(parent).kill()
    _, alive = psutil.wait_procs(orphans, timeout=WAIT_S)
    assert orphans
    assert alive == []
