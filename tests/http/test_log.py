"""The log of a live server: a line of JSON a request, and nothing of what was sent."""

import asyncio
import re

import httpx
import pytest

from tests import pictures
from tests.abuse import raw_client
from tests.http.bare_connection import parse
from tests.http.log_lines import Line, json_lines, lines_of
from tests.live_server import Server
from tests.pictures import BLUE, RED

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def logged(server: Server, response: httpx.Response) -> Line:
    request_id = response.headers["x-request-id"]
    (line,) = lines_of(server, request_id)[request_id]
    return line


def test_line_of_a_prediction_says_who_what_how_long_and_of_which_model(
    client: httpx.Client, server: Server
) -> None:
    data = pictures.plain(BLUE)
    line = logged(server, client.post("/predict", content=data, headers={"X-Request-Id": "p-1"}))
    assert TIME.fullmatch(line.pop("time"))
    durations = [line.pop(key) for key in ("decode_ms", "queue_ms", "model_ms")]
    assert all(duration >= 0 for duration in durations)
    assert line.pop("duration_ms") >= sum(durations) - 0.2  # each is rounded to 0.1
    assert line == {
        "level": "info",
        "message": "POST /predict 200",
        "request_id": "p-1",
        "method": "POST",
        "path": "/predict",
        "status": 200,
        "bytes_in": len(data),
        "pictures": 1,
        "label": "dog",
        "model": server.tag,
    }


def test_a_method_of_kilobytes_is_not_logged(client: httpx.Client, server: Server) -> None:
    response = client.request("X" * 20_000, "/predict")
    assert response.status_code == 405
    assert logged(server, response)["method"] == "_OTHER"


@pytest.mark.parametrize(
    ("data", "problem"),
    [(pictures.truncated_jpeg(), "damaged-picture"), (b"", "no-picture"), (b"x", None)],
)
def test_line_of_a_refusal_names_the_problem(
    client: httpx.Client, server: Server, data: bytes, problem: str | None
) -> None:
    line = logged(server, client.post("/predict", content=data))
    assert line["problem"] == (problem or "unsupported-picture")
    assert line["level"] == "info"
    assert not {"label", "queue_ms", "model_ms"} & set(line)


def test_line_of_a_batch_counts_what_became_of_its_pictures(
    client: httpx.Client, server: Server
) -> None:
    parts = [pictures.plain(RED), b"hello", pictures.plain(RED), pictures.plain(BLUE)]
    response = client.post("/predict/batch", files=[("image", ("a", part)) for part in parts])
    line = logged(server, response)
    assert line["pictures"] == 4
    assert line["outcomes"] == {"cat": 2, "dog": 1, "unsupported-picture": 1}


def test_unknown_path_is_not_repeated(client: httpx.Client, server: Server) -> None:
    line = logged(server, client.get("/some/secret/path"))
    assert (line["path"], line["problem"]) == ("unknown", "not-found")
    assert "secret/path" not in server.log.read_text()


def test_nothing_that_a_client_may_keep_secret_is_logged(
    client: httpx.Client, server: Server
) -> None:
    secrets = {
        "query": {"params": {"key": "SECRET-QUERY"}},
        "key": {"headers": {"X-API-Key": "SECRET-KEY", "Authorization": "Bearer SECRET-TOKEN"}},
        "agent": {"headers": {"User-Agent": "SECRET-AGENT", "Cookie": "a=SECRET-COOKIE"}},
    }
    files = {
        "good": ("SECRET-NAME.png", pictures.plain()),
        "bad": ("SECRET-NAME.jpg", pictures.truncated_jpeg()),
        "no picture": ("SECRET-NAME.txt", b"SECRET-CONTENT"),
    }
    for path in ("/predict", "/predict/batch"):
        for request in secrets.values():
            for file in files.values():
                logged(server, client.post(path, files={"image": file}, **request))
                logged(server, client.post(path, files={"SECRET-FIELD": file}, **request))
    assert "SECRET" not in server.log.read_text()


def test_probes_and_scrapes_leave_no_line(client: httpx.Client, server: Server) -> None:
    for path in ("/livez", "/healthz", "/readyz", "/metrics"):
        client.get(path, headers={"X-Request-Id": "a-probe"})
    logged(server, client.get("/model"))
    assert "a-probe" not in server.log.read_text()


def test_every_request_leaves_one_line_and_nobody_else_logs_it(
    client: httpx.Client, server: Server
) -> None:
    before = len(server.log.read_text())
    ids = [client.get("/model").headers["x-request-id"] for _ in range(5)]
    lines_of(server, *ids)
    after = server.log.read_text()[before:]
    assert [line["request_id"] for line in json_lines(after)] == ids
    assert len(after.splitlines()) == 5


@pytest.mark.parametrize(
    "sent",
    [
        b"EHLO catdog\r\n\r\n",
        b"POST /predict HTTP/1.1\r\nHost: c\r\nConnection: close\r\nContent-Length: 8\r\n"
        b"Content-Type: multipart/form-data; boundary=xyz\r\n\r\n--xyz \r\n",
    ],
    ids=["no HTTP", "no form"],
)
def test_what_a_client_does_wrong_leaves_one_line(server: Server, sent: bytes) -> None:
    before = len(server.log.read_text())
    answer = parse(asyncio.run(raw_client.say(server.url, sent)))
    request_id = answer.headers["x-request-id"]
    lines_of(server, request_id)
    after = server.log.read_text()[before:]
    assert [line["request_id"] for line in json_lines(after)] == [request_id]
    assert len(after.splitlines()) == 1
