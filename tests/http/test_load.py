"""Many clients at once: none is refused, none gets another's answer."""

import asyncio

import httpx

from tests import pictures
from tests.known_network import is_answer_to
from tests.live_server import Server

CLIENTS = 64
REQUESTS_EACH = 32


def colour(client: int, request: int) -> tuple[int, int, int]:
    """A colour of which the answer (p to 4 places, novelty) tells who asked what."""
    return 4 * client, 6 * request, 128


# Bad pictures, each with the status that is its own.
BAD = (
    (pictures.truncated_jpeg(), 422),
    (pictures.plain()[:40], 422),
    (pictures.bomb(), 413),
    (b"hello", 415),
    (b"", 400),
)


async def ask(server: Server, client: int) -> list[str]:
    """One client's requests, one after the other. Returns what went wrong."""
    wrong = []
    async with httpx.AsyncClient(base_url=server.url, timeout=60) as http:
        for request in range(REQUESTS_EACH):
            rgb = colour(client, request)
            if request % 5 == 4:
                data, status = BAD[(client + request) % len(BAD)]
                response = await http.post("/predict", content=data)
                if response.status_code != status:
                    wrong.append(f"{response.status_code} for {data[:20]!r}, not {status}")
                continue
            response = await http.post("/predict", content=pictures.plain(rgb, size=(8, 8)))
            if response.status_code != 200:
                wrong.append(f"{response.status_code} {response.text}")
            elif not is_answer_to(rgb, response.json()):
                wrong.append(f"{rgb} got {response.json()}")
    return wrong


def batches(metrics: str) -> float:
    """How many batches the network was given so far."""
    lines = metrics.splitlines()
    count = next(x for x in lines if x.startswith("bentoml_service_adaptive_batch_size_count{"))
    return float(count.rpartition(" ")[2])


def test_64_clients_each_get_their_own_answers_and_no_error(
    server: Server, client: httpx.Client
) -> None:
    async def all_clients() -> list[list[str]]:
        return await asyncio.gather(*(ask(server, n) for n in range(CLIENTS)))

    client.post("/predict", content=pictures.plain()).raise_for_status()
    before = batches(client.get("/metrics").text)
    wrong = [w for each in asyncio.run(all_clients()) for w in each]
    assert wrong == []
    after = batches(client.get("/metrics").text)
    assert after - before < CLIENTS * REQUESTS_EACH / 4, "few batches held more than one request"


def test_pictures_of_concurrent_batch_requests_are_not_mixed_up(
    server: Server, client: httpx.Client
) -> None:
    client.post("/predict", content=pictures.plain()).raise_for_status()  # it shows its speed

    async def ask_batch(http: httpx.AsyncClient, n: int) -> bool:
        shades = [colour(n, i) for i in range(1 + n)]
        files = [("image", ("a.png", pictures.plain(s, size=(8, 8)))) for s in shades]
        predictions = (await http.post("/predict/batch", files=files)).json()["predictions"]
        return all(is_answer_to(s, p) for p, s in zip(predictions, shades, strict=True))

    async def all_batches() -> list[bool]:
        async with httpx.AsyncClient(base_url=server.url, timeout=60) as http:
            return await asyncio.gather(*(ask_batch(http, n) for n in range(20)))

    assert all(asyncio.run(all_batches()))
