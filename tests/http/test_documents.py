"""What the service says about itself: documentation, model card, page, health, metrics."""

import httpx
import pytest

from service import problems
from service.settings import Settings, variable
from tests import pictures
from tests.live_server import Server

ROUTES = {
    "/": "get",
    "/lessons": "get",
    "/predict": "post",
    "/predict/batch": "post",
    "/explain": "post",
    "/model": "get",
    "/model/filters.png": "get",
    "/docs": "get",
    "/openapi.json": "get",
    "/livez": "get",
    "/healthz": "get",
    "/readyz": "get",
    "/metrics": "get",
}


@pytest.fixture
def openapi(client: httpx.Client) -> dict:
    return client.get("/docs").json()


def test_openapi_names_every_route(openapi: dict) -> None:
    assert openapi["openapi"] == "3.1.0"
    assert {path: next(iter(methods)) for path, methods in openapi["paths"].items()} == ROUTES


def test_openapi_names_every_error(openapi: dict) -> None:
    named = {(p["type"], p["status"], p["title"]) for p in openapi["info"]["x-problems"]}
    assert named == {(kind.type, kind.status, kind.title) for kind in problems.KINDS}


@pytest.mark.parametrize("path", ["/predict", "/predict/batch", "/explain"])
def test_openapi_lists_the_statuses_of_the_contract(openapi: dict, path: str) -> None:
    responses = openapi["paths"][path]["post"]["responses"]
    of_pictures = set() if path.endswith("batch") else {"422"}
    assert set(responses) >= {"200", "400", "405", "413", "415", "429", "500", "503"} | of_pictures
    for status, response in responses.items():
        assert response["description"]
        if status != "200":
            assert list(response["content"]) == ["application/problem+json"]
    assert "Retry-After" in responses["429"]["headers"]
    assert "Retry-After" in responses["503"]["headers"]


def test_openapi_names_every_limit_with_its_value_and_variable(openapi: dict) -> None:
    limits = {limit["variable"]: limit["value"] for limit in openapi["info"]["x-limits"]}
    assert limits["CATDOG_MAX_UPLOAD_BYTES"] == 10 * 1024 * 1024
    assert limits["CATDOG_MAX_BATCH_BYTES"] == 64 * 1024 * 1024
    assert limits["CATDOG_MAX_BATCH_PICTURES"] == 64
    numbers = [n for n, f in Settings.model_fields.items() if f.annotation in (int, float)]
    assert set(limits) == {variable(name) for name in numbers}


def test_openapi_names_every_field_of_the_answers(client: httpx.Client, openapi: dict) -> None:
    schemas = openapi["components"]["schemas"]
    answer = set(schemas["Answer"]["properties"])
    assert answer == {"label", "confidence", "probabilities", "novelty", "model"}
    assert set(schemas["NamedAnswer"]["properties"]) == answer | {"name"}
    explained = client.post("/explain", content=pictures.plain()).json()
    assert set(schemas["Explanation"]["properties"]) == set(explained)
    assert set(schemas["StageSeen"]["properties"]) == set(explained["stages"][0])
    assert set(schemas["ModelCard"]["properties"]) == set(client.get("/model").json())
    assert set(schemas["ProblemBody"]["properties"]) == {"type", "title", "status", "detail"}


def test_every_reference_in_openapi_leads_somewhere(openapi: dict) -> None:
    def references(node: object) -> list[str]:
        if isinstance(node, dict):
            own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
            return own + [r for value in node.values() for r in references(value)]
        return [r for value in node for r in references(value)] if isinstance(node, list) else []

    known = {f"#/components/{k}/{name}" for k, v in openapi["components"].items() for name in v}
    assert set(references(openapi)) <= known


def test_openapi_has_the_request_id_in_every_request_and_answer(openapi: dict) -> None:
    assert openapi["components"]["parameters"]["RequestId"]["name"] == "X-Request-Id"
    for operation in (o for methods in openapi["paths"].values() for o in methods.values()):
        assert {"$ref": "#/components/parameters/RequestId"} in operation["parameters"]
        for response in operation["responses"].values():
            assert "X-Request-Id" in response["headers"]


def test_openapi_json_is_the_same_document(client: httpx.Client, openapi: dict) -> None:
    assert client.get("/openapi.json").json() == openapi


def test_browsers_get_documentation_that_loads_nothing_from_elsewhere(client: httpx.Client) -> None:
    response = client.get("/docs", headers={"Accept": "text/html,*/*;q=0.8"})
    assert response.headers["content-type"].startswith("text/html")
    assert response.headers["vary"] == "Accept"
    for needle in (*ROUTES, *(f'id="{kind.slug}"' for kind in problems.KINDS), "CATDOG_MAX_PIXELS"):
        assert needle in response.text
    assert "https://" not in response.text
    for markdown in ("`", "]("):
        assert markdown not in response.text
    assert f'<a href="{problems.DAMAGED.type}">{problems.DAMAGED.title}</a>' in response.text


def test_model_is_the_card_and_the_exact_tag(client: httpx.Client, server: Server) -> None:
    card = client.get("/model").json()
    assert card["tag"] == server.tag
    assert card["labels"] == ["cat", "dog"]
    assert card["calibration"] == {"temperature": 2.0, "novelty_threshold": 0.8}


@pytest.mark.parametrize("path", ["/", "/page/page.css", "/page/page.js"])
def test_page_is_served_and_loads_nothing_from_elsewhere(client: httpx.Client, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 200
    assert "://" not in response.text


@pytest.mark.parametrize("path", ["/", "/page/page.css"])
def test_who_has_the_newest_page_is_told_so(client: httpx.Client, path: str) -> None:
    known = client.get(path).headers["etag"]
    again = client.get(path, headers={"If-None-Match": known})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    "path", ["/", "/docs", "/lessons", "/model", "/nothing", "/schema.json", "/metrics"]
)
def test_every_answer_has_the_security_headers(client: httpx.Client, path: str) -> None:
    headers = client.get(path).headers
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert "server" not in headers


def test_lessons_run_under_a_policy_that_allows_them_no_connection(client: httpx.Client) -> None:
    response = client.get("/lessons")
    assert response.headers["content-type"].startswith("text/html")
    policy = response.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "style-src 'sha256-" in policy
    assert "connect-src" not in policy
    assert "'self'" not in policy


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/healthz"])
def test_health_is_good(client: httpx.Client, path: str) -> None:
    assert client.get(path).status_code == 200


def test_metrics_are_those_of_prometheus(client: httpx.Client) -> None:
    client.post("/predict", content=pictures.plain())
    response = client.get("/metrics")
    assert response.headers["content-type"].startswith("text/plain; version=")
    text = response.text
    assert "# TYPE catdog_requests_total counter" in text
    assert "# TYPE bentoml_service_adaptive_batch_size histogram" in text


def test_cross_origin_requests_are_not_invited(client: httpx.Client) -> None:
    response = client.get("/model", headers={"Origin": "http://elsewhere.example"})
    assert "access-control-allow-origin" not in response.headers
