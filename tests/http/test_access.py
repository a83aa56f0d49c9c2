"""Who may ask: API keys, and pages of other origins."""

import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests import live_server, pictures
from tests.http.problem import assert_problem
from tests.live_server import Server

KEY = "a-key-of-32-characters-or-so-0001"
SHOP = "https://shop.example"
PREFLIGHT = {"Origin": SHOP, "Access-Control-Request-Method": "POST"}


@pytest.fixture(scope="module")
def keys_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("keys") / "keys"
    path.write_text(f"{KEY}\n")
    return path


@pytest.fixture(scope="module")
def guarded(
    bentoml_home: Path, keys_file: Path, server: Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[httpx.Client]:
    """A client of a server that wants keys and lets one other origin in."""
    log = tmp_path_factory.mktemp("guarded") / "log.txt"
    settings = {"CATDOG_API_KEYS_FILE": str(keys_file), "CATDOG_CORS_ORIGINS": SHOP}
    with (
        live_server.running(bentoml_home, log, server.tag, **settings) as own,
        httpx.Client(base_url=own.url, timeout=30) as client,
    ):
        yield client
        assert KEY not in log.read_text()


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


@pytest.mark.parametrize(
    "path",
    [
        "/predict",
        "/predict/batch",
        "/explain",
        "/model",
        "/model/filters.png",
        "/metrics",
        "/schema.json",
    ],
)
@pytest.mark.parametrize(
    "headers",
    [
        {},
        bearer(KEY[:-1]),
        bearer(KEY + "x"),
        {"Authorization": "Bearer"},
        {"Authorization": f"Basic {KEY}"},
    ],
)
def test_without_a_valid_key_it_is_401(
    guarded: httpx.Client, path: str, headers: dict[str, str]
) -> None:
    response = guarded.post(path, content=pictures.plain(), headers=headers)
    assert "Authorization: Bearer" in assert_problem(response, 401, "unauthorized")
    assert response.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("path", ["/predict", "/livez"])
def test_refusal_reaches_who_uploads_much_on_a_connection_that_is_then_closed(
    guarded: httpx.Client, path: str
) -> None:
    """As proxies that speak HTTP/1.0 do. A reset would make the 401 their 502."""
    url, n_bytes = guarded.base_url, 32 * 2**20
    head = f"POST {path} HTTP/1.1\r\nHost: catdog\r\nConnection: close\r\n"
    with socket.create_connection((url.host, url.port), timeout=30) as connection:
        connection.sendall(f"{head}Content-Length: {n_bytes}\r\n\r\n".encode())
        for _ in range(n_bytes // 2**20):
            connection.sendall(bytes(2**20))
        assert connection.recv(2**16).startswith(b"HTTP/1.1 4")


def test_with_a_valid_key_it_is_answered(guarded: httpx.Client) -> None:
    response = guarded.post("/predict", content=pictures.plain(), headers=bearer(KEY))
    assert response.json()["label"] == "cat"
    assert guarded.get("/metrics", headers=bearer(KEY)).status_code == 200


@pytest.mark.parametrize(
    "path",
    ["/", "/page/page.js", "/lessons", "/docs", "/openapi.json", "/livez", "/healthz", "/readyz"],
)
def test_page_documents_and_health_need_no_key(guarded: httpx.Client, path: str) -> None:
    assert guarded.get(path).status_code == 200


def test_key_is_replaced_without_a_restart(guarded: httpx.Client, keys_file: Path) -> None:
    new = "another-key-of-32-characters-0002"
    keys_file.write_text(f"{KEY}\n{new}\n")
    assert guarded.get("/model", headers=bearer(new)).status_code == 200
    keys_file.write_text(f"{new}\n")
    assert guarded.get("/model", headers=bearer(KEY)).status_code == 401
    keys_file.write_text(f"{KEY}\n")


def test_openapi_says_which_routes_want_a_key(guarded: httpx.Client) -> None:
    document = guarded.get("/openapi.json").json()
    assert document["components"]["securitySchemes"] == {
        "key": {"type": "http", "scheme": "bearer"}
    }
    secured = {p for p, ms in document["paths"].items() for o in ms.values() if "security" in o}
    pictures_in = {"/predict", "/predict/batch", "/explain"}
    assert secured == pictures_in | {"/model", "/model/filters.png", "/metrics"}
    assert "401" in document["paths"]["/predict"]["post"]["responses"]


def test_where_none_is_required_nothing_speaks_of_keys(client: httpx.Client) -> None:
    document = client.get("/openapi.json").json()
    assert "securitySchemes" not in document["components"]
    assert "401" not in document["paths"]["/predict"]["post"]["responses"]


def test_allowed_origin_may_ask_from_its_pages(guarded: httpx.Client) -> None:
    preflight = guarded.options("/predict", headers=PREFLIGHT)
    assert preflight.status_code == 200
    assert preflight.headers["access-control-allow-origin"] == SHOP
    headers = {"Origin": SHOP, **bearer(KEY)}
    response = guarded.post("/predict", content=pictures.plain(), headers=headers)
    assert response.headers["access-control-allow-origin"] == SHOP
    refused = guarded.post("/predict", content=pictures.plain(), headers={"Origin": SHOP})
    assert refused.headers["access-control-allow-origin"] == SHOP, "a page can read why"
    shown = refused.headers["access-control-expose-headers"].lower().split(", ")
    assert {"retry-after", "x-request-id"} <= set(shown)


@pytest.mark.parametrize("name", ["Authorization", "X-Request-Id", "traceparent", "tracestate"])
def test_what_the_service_heeds_may_be_sent_from_them(guarded: httpx.Client, name: str) -> None:
    asked = {**PREFLIGHT, "Access-Control-Request-Headers": f"content-type,{name.lower()}"}
    preflight = guarded.options("/predict", headers=asked)
    assert preflight.status_code == 200, preflight.text
    assert name in preflight.headers["access-control-allow-headers"].split(", ")


def test_other_origins_may_not(guarded: httpx.Client) -> None:
    other = {**PREFLIGHT, "Origin": "https://other.example"}
    preflight = guarded.options("/predict", headers=other)
    assert "access-control-allow-origin" not in preflight.headers
    assert "origin" in preflight.headers["vary"].lower()
    detail = assert_problem(preflight, 400, "malformed-request")
    assert "'https://other.example'" in detail
    assert "CATDOG_CORS_ORIGINS" in detail
    assert SHOP not in detail, "who else may is nobody's business"


@pytest.mark.parametrize(
    ("name", "came", "allowed"),
    [
        ("Access-Control-Request-Method", "DELETE", "GET, POST"),
        ("Access-Control-Request-Headers", "x-api-key", "Authorization"),
    ],
)
def test_an_allowed_origin_is_told_what_it_may_not_send(
    guarded: httpx.Client, name: str, came: str, allowed: str
) -> None:
    preflight = guarded.options("/predict", headers={**PREFLIGHT, name: came})
    detail = assert_problem(preflight, 400, "malformed-request")
    assert f"'{came}'" in detail
    assert allowed in detail
    assert "CATDOG_CORS_ORIGINS" in detail
    assert preflight.headers["access-control-allow-origin"] == SHOP, "so that tools can read it"


def test_no_origin_may_unless_it_was_allowed(client: httpx.Client) -> None:
    response = client.options("/predict", headers=PREFLIGHT)
    assert response.status_code == 405
    assert "access-control-allow-origin" not in response.headers


@pytest.mark.parametrize(
    ("variable", "value", "why"),
    [
        ("CATDOG_CORS_ORIGINS", "shop.example", "CATDOG_CORS_ORIGINS is 'shop.example'"),
        ("CATDOG_API_KEYS_FILE", "/nowhere/keys", "cannot be read from /nowhere/keys"),
    ],
)
def test_bad_setting_is_refused_at_the_start(
    bentoml_home: Path, tmp_path: Path, variable: str, value: str, why: str
) -> None:
    assert why in live_server.refusal(bentoml_home, tmp_path / "log.txt", **{variable: value})


def test_servers_of_one_home_keep_their_own_metrics(
    guarded: httpx.Client, client: httpx.Client
) -> None:
    client.get("/model")
    for text in (client.get("/metrics").text, guarded.get("/metrics", headers=bearer(KEY)).text):
        assert "catdog_requests_total{" in text
