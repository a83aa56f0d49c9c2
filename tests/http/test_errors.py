"""Every error that a client can cause, over the wire."""

import gzip
from collections.abc import Iterator

import httpx
import pytest

from tests import pictures
from tests.http.problem import assert_problem

MIB = 1024 * 1024
JPEG_OF_11_MB = pictures.padded(pictures.plain(kind="JPEG"), 11 * MIB)
FORM = {"Content-Type": "multipart/form-data; boundary=xyz"}
PART = b'--xyz\r\nContent-Disposition: form-data; name="image"; filename="a.png"\r\n\r\n'


def file(data: bytes) -> dict:
    return {"files": {"image": ("a.jpg", data, "image/jpeg")}}


def raw(data: bytes | Iterator[bytes], **headers: str) -> dict:
    return {"content": data, "headers": headers}


# What a client may send instead of one picture: the request, then status, slug, and a phrase.
BAD_REQUESTS = [
    pytest.param(raw(b""), 400, "no-picture", "empty", id="no-body"),
    pytest.param(
        {"files": {"photo": ("a.jpg", b"x")}}, 400, "no-picture", "'photo'", id="other-part"
    ),
    pytest.param(file(b""), 400, "empty-picture", "0 bytes", id="empty-file"),
    pytest.param(
        {"files": {"image": (None, "http://example.com/a.jpg")}},
        400,
        "malformed-request",
        "never fetches",
        id="url-as-text-field",
    ),
    pytest.param(
        {"files": {"image": (None, "file:///etc/passwd")}},
        400,
        "malformed-request",
        "never opens a path",
        id="path-as-text-field",
    ),
    pytest.param(
        {"files": [("image", ("a", b"x")), ("image", ("b", b"y"))]},
        400,
        "malformed-request",
        "/predict/batch",
        id="two-pictures",
    ),
    pytest.param(raw(b"garbage", **FORM), 400, "malformed-request", "framed", id="not-multipart"),
    pytest.param(
        raw(b"x", **{"Content-Type": "multipart/form-data"}),
        400,
        "malformed-request",
        "no boundary",
        id="no-boundary",
    ),
    pytest.param(
        raw(PART + pictures.plain(), **FORM),
        400,
        "malformed-request",
        "closing boundary",
        id="multipart-cut-off",
    ),
    pytest.param(
        raw(b"--xyz\r\nContent-Type: image/png\r\n\r\n1\r\n--xyz--\r\n", **FORM),
        400,
        "malformed-request",
        "no name",
        id="part-without-a-name",
    ),
    pytest.param(raw(JPEG_OF_11_MB), 413, "too-many-bytes", "10485760", id="11-mb-raw"),
    pytest.param(file(JPEG_OF_11_MB), 413, "too-many-bytes", "bytes", id="11-mb-form"),
    pytest.param(
        raw(pictures.padded(pictures.plain(kind="JPEG"), 10 * MIB + 1)),
        413,
        "too-many-bytes",
        "10485760",
        id="one-byte-too-many",
    ),
    pytest.param(
        file(pictures.padded(pictures.plain(kind="JPEG"), 10 * MIB + 1)),
        413,
        "too-many-bytes",
        "10485760",
        id="one-byte-too-many-in-a-form",
    ),
    pytest.param(raw(pictures.bomb()), 413, "too-many-pixels", "64 million", id="200-megapixels"),
    pytest.param(file(b"hello"), 415, "unsupported-picture", "image/png", id="text-as-jpg"),
    pytest.param(raw(b"\0garbage\xff" * 99), 415, "unsupported-picture", "image", id="garbage"),
    pytest.param(
        {"json": {"image": "http://example.com/a.jpg"}},
        415,
        "unsupported-picture",
        "never fetches a URL",
        id="json-naming-a-url",
    ),
    pytest.param(
        {"data": {"image": "http://example.com/a.jpg"}},
        415,
        "unsupported-picture",
        "never fetches a URL",
        id="urlencoded-form",
    ),
    pytest.param(
        raw(b"\x80\x04K\x01.", **{"Content-Type": "application/vnd.bentoml+pickle"}),
        415,
        "unsupported-picture",
        "application/vnd.bentoml+pickle",
        id="pickle",
    ),
    pytest.param(
        raw(b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
        415,
        "unsupported-picture",
        "image",
        id="svg",
    ),
    pytest.param(
        raw(pictures.truncated_jpeg()), 422, "damaged-picture", "truncated", id="truncated-jpeg"
    ),
    pytest.param(
        raw(pictures.plain()[:40]), 422, "damaged-picture", "image/png", id="truncated-png"
    ),
]


@pytest.mark.parametrize(("request_parts", "status", "slug", "phrase"), BAD_REQUESTS)
@pytest.mark.parametrize("path", ["/predict", "/explain"])
def test_bad_request_gets_its_own_problem(
    client: httpx.Client, path: str, request_parts: dict, status: int, slug: str, phrase: str
) -> None:
    response = client.post(path, **request_parts)
    assert phrase in assert_problem(response, status, slug)


@pytest.mark.parametrize("path", ["/predict", "/predict/batch"])
def test_chunked_body_is_cut_off_at_the_limit_and_the_answer_arrives(
    client: httpx.Client, path: str
) -> None:
    def endless() -> Iterator[bytes]:
        yield PART
        for _ in range(70):
            yield bytes(MIB)

    response = client.post(path, content=endless(), headers=FORM)
    assert "content-length" not in response.request.headers
    assert_problem(response, 413, "too-many-bytes")


def test_chunked_raw_body_of_11_mb_is_too_long(client: httpx.Client) -> None:
    chunks = (JPEG_OF_11_MB[i : i + MIB] for i in range(0, len(JPEG_OF_11_MB), MIB))
    assert_problem(client.post("/predict", content=chunks), 413, "too-many-bytes")


@pytest.mark.parametrize(
    "path",
    [
        "/nothing",
        "/schema.json",
        "/docs.json",
        "/static_content/index.css",
        "/assets/x",
        "/page/../app.py",
        "/page/nothing.js",
        "/predict/",
        "/score",
        "/Network/score",
        "/schema.json%0A",
        "/metrics%0A",
        "/readyz%0A",
        "/model%0A",
        "/%0A",
        "/a%0Ab",
    ],
)
def test_nothing_is_served_that_is_not_ours(client: httpx.Client, path: str) -> None:
    response = client.get(path)
    assert_problem(response, 404, "not-found")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/predict", {"POST"}),
        ("GET", "/explain", {"POST"}),
        ("PUT", "/predict", {"POST"}),
        ("DELETE", "/predict/batch", {"POST"}),
        ("POST", "/model", {"GET", "HEAD"}),
        ("POST", "/", {"GET", "HEAD"}),
        ("POST", "/docs", {"GET", "HEAD"}),
        ("POST", "/readyz", {"GET", "HEAD"}),
        ("POST", "/metrics", {"GET", "HEAD"}),
    ],
)
def test_wrong_method_names_the_right_ones(
    client: httpx.Client, method: str, path: str, allowed: set[str]
) -> None:
    response = client.request(method, path)
    assert_problem(response, 405, "method-not-allowed")
    assert set(response.headers["allow"].split(", ")) == allowed


HANDSHAKE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


@pytest.mark.parametrize("left_out", [None, "Sec-WebSocket-Version", "Sec-WebSocket-Key"])
def test_who_asks_for_a_websocket_is_answered_as_all_others(
    client: httpx.Client, left_out: str | None
) -> None:
    handshake = {name: value for name, value in HANDSHAKE.items() if name != left_out}
    response = client.get("/predict", headers=handshake)
    assert_problem(response, 405, "method-not-allowed")
    assert response.headers["x-request-id"]
    response = client.post("/predict", content=pictures.plain(), headers=handshake)
    assert response.status_code == 200


def test_an_encoded_body_is_told_to_come_as_it_is(client: httpx.Client) -> None:
    packed = gzip.compress(pictures.plain(kind="JPEG"))
    response = client.post("/predict", content=packed, headers={"Content-Encoding": "gzip"})
    assert "Send it as it is." in assert_problem(response, 415, "unsupported-picture")


@pytest.mark.parametrize("path", ["/predict", "/predict/batch"])
def test_an_encoded_form_is_told_to_come_as_it_is(client: httpx.Client, path: str) -> None:
    form = httpx.Request("POST", client.base_url, files={"image": pictures.plain()})
    headers = {"Content-Type": form.headers["Content-Type"], "Content-Encoding": "gzip"}
    response = client.post(path, content=gzip.compress(form.read()), headers=headers)
    assert "Send it as it is." in assert_problem(response, 415, "unsupported-picture")


@pytest.mark.parametrize("encoding", ["gzip", "utf-8"])
def test_a_form_that_can_be_read_is_not_said_to_be_encoded(
    client: httpx.Client, encoding: str
) -> None:
    files = [("image", pictures.plain())] * 2
    response = client.post("/predict", files=files, headers={"Content-Encoding": encoding})
    assert "Several parts" in assert_problem(response, 400, "malformed-request")


def test_a_body_that_is_said_not_to_be_encoded_is_not_said_to_be(client: httpx.Client) -> None:
    response = client.post("/predict", content=b"x", headers={"Content-Encoding": "identity"})
    assert "encoded" not in assert_problem(response, 415, "unsupported-picture")


def test_connection_survives_an_error(client: httpx.Client) -> None:
    for _ in range(3):
        assert client.post("/predict", content=JPEG_OF_11_MB).status_code == 413
        assert client.post("/predict", content=pictures.plain()).status_code == 200


@pytest.mark.parametrize("value", ["bytes=9999999-", "bytes=abc", "lines=1-2"])
def test_a_range_is_not_an_error(client: httpx.Client, value: str) -> None:
    answer = client.get("/", headers={"Range": value})
    assert answer.status_code == 200
    assert answer.text.startswith("<!doctype html>")
