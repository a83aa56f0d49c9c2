"""X-Request-Id: the client's or a new one, on every answer."""

import asyncio
import re

import httpx
import pytest

from tests import pictures
from tests.http.log_lines import lines_of
from tests.live_server import Server

NEW = re.compile(r"[0-9a-f]{32}")


@pytest.mark.parametrize("given", ["a", "0", "a.b_c-D", "x" * 128, "3fa85f64-5717-4562-b3fc"])
def test_id_of_the_client_comes_back(client: httpx.Client, given: str) -> None:
    response = client.get("/model", headers={"X-Request-Id": given})
    assert response.headers.get_list("x-request-id") == [given]


@pytest.mark.parametrize(
    "given", [b"", b"x" * 129, b"a b", b"a/b", b"a\tb", b'{"a":1}', b"<script>", b"\xe4", b"a;b"]
)
def test_id_that_is_not_taken_is_replaced(client: httpx.Client, given: bytes) -> None:
    response = client.get("/model", headers=[(b"X-Request-Id", given)])
    (made,) = response.headers.get_list("x-request-id")
    assert NEW.fullmatch(made)


def test_new_ids_are_all_different(client: httpx.Client) -> None:
    assert len({client.get("/model").headers["x-request-id"] for _ in range(20)}) == 20


@pytest.mark.parametrize(
    ("method", "path", "content", "status"),
    [
        ("POST", "/predict", pictures.plain(), 200),
        ("POST", "/predict", b"", 400),
        ("POST", "/predict", b"hello", 415),
        ("POST", "/predict", bytes(11 * 1024 * 1024), 413),
        ("POST", "/predict", pictures.bomb(), 413),
        ("POST", "/predict", pictures.truncated_jpeg(), 422),
        ("POST", "/predict/batch", b"hello", 415),
        ("GET", "/predict", b"", 405),
        ("GET", "/nothing", b"", 404),
        ("GET", "/schema.json", b"", 404),
        ("OPTIONS", "/predict", b"", 405),
        ("POST", "/metrics", b"", 405),
        ("GET", "/", b"", 200),
        ("HEAD", "/", b"", 200),
        ("GET", "/docs", b"", 200),
        ("GET", "/page/page.css", b"", 200),
        ("GET", "/page/nothing.css", b"", 404),
        ("GET", "/livez", b"", 200),
        ("GET", "/readyz", b"", 200),
        ("GET", "/metrics", b"", 200),
    ],
)
def test_every_kind_of_answer_has_it(
    client: httpx.Client, method: str, path: str, content: bytes, status: int
) -> None:
    response = client.request(method, path, content=content, headers={"X-Request-Id": "mine"})
    assert response.status_code == status
    assert response.headers.get_list("x-request-id") == ["mine"]
    assert response.headers["x-content-type-options"] == "nosniff"


def test_32_clients_at_once_each_get_their_own_id_back_and_find_it_in_the_log(
    server: Server,
) -> None:
    async def ask(http: httpx.AsyncClient, n: int) -> tuple[str, str, int, int]:
        sent = f"client-{n}"
        data = (pictures.plain(size=(8 + n, 8)), pictures.truncated_jpeg(), b"hello")[n % 3]
        response = await http.post("/predict", content=data, headers={"X-Request-Id": sent})
        return sent, response.headers["x-request-id"], response.status_code, len(data)

    async def all_at_once() -> list[tuple[str, str, int, int]]:
        async with httpx.AsyncClient(base_url=server.url, timeout=60) as http:
            return await asyncio.gather(*(ask(http, n) for n in range(32)))

    answers = asyncio.run(all_at_once())
    logged = lines_of(server, *(sent for sent, *_ in answers))
    for sent, came, status, n_bytes in answers:
        assert came == sent
        (line,) = logged[sent]
        assert (line["status"], line["bytes_in"]) == (status, n_bytes)
