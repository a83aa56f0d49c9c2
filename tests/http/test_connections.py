"""Connections without a request, and requests that are no proper HTTP: each has a bound."""

import asyncio
import contextlib
import json
import socket
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import httpx
import psutil
import pytest

from service import request_parser
from tests import live_server, pictures
from tests.abuse import raw_client
from tests.abuse.processes import process_of
from tests.http.bare_connection import parse, read_to_the_end
from tests.http.log_lines import lines_of
from tests.http.problem import assert_problem
from tests.http.prometheus import moves
from tests.known_network import is_answer_to
from tests.live_server import Server

PATIENCE_S = 60  # of the tests, not of the server
CHUNKED = b"POST /predict HTTP/1.1\r\nHost: catdog\r\nTransfer-Encoding: chunked\r\n\r\n"
CRUMB = b"1\r\nx\r\n"


@pytest.fixture(scope="module")
def hasty_server(
    bentoml_home: Path, server: Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """It gives a head two seconds to arrive."""
    log = tmp_path_factory.mktemp("hasty") / "log.txt"
    settings = {"CATDOG_UPLOAD_TIMEOUT_S": "2"}
    with live_server.running(bentoml_home, log, server.tag, **settings) as hasty:
        yield hasty


def established(server: Server) -> int:
    """Connections of clients that the server holds."""
    connections = process_of(server, "CatDog").net_connections("tcp")
    return sum(c.laddr.port == server.port and c.status == "ESTABLISHED" for c in connections)


def wait_until_answering(server: Server) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while "catdog_requests_in_flight 0.0" in httpx.get(f"{server.url}/metrics").text:
        assert time.monotonic() < deadline, "no request was ever begun with"


def test_half_a_head_is_a_408_and_the_end(hasty_server: Server) -> None:
    said = asyncio.run(raw_client.say(hasty_server.url, b"POST /predict HTTP/1.1\r\nHost: c"))
    detail = assert_problem(parse(said), 408, "upload-timeout")
    assert "head" in detail


def test_a_byte_of_a_head_now_and_then_does_not_start_the_clock_again(hasty_server: Server) -> None:
    drops = raw_client.trickle(hasty_server.url, b"GET /", b"x" * 600, interval_s=0.1)
    assert asyncio.run(drops).startswith(b"HTTP/1.1 408 ")


def test_a_connection_on_which_nothing_comes_is_closed_without_a_word(hasty_server: Server) -> None:
    assert asyncio.run(raw_client.say(hasty_server.url, b"")) == b""


def test_a_connection_may_be_used_again_long_after_an_answer(server: Server) -> None:
    """uvicorn closes it after 5 s, when a pool or a proxy may be about to use it."""
    client = HTTPConnection("127.0.0.1", server.port)
    with contextlib.closing(client):
        for wait_s in (0, 6):
            time.sleep(wait_s)
            client.request("GET", "/livez")  # on a connection that is closed, it raises
            response = client.getresponse()
            assert response.status == 200
            response.read()


def test_a_connection_is_closed_once_it_was_idle_for_too_long(hasty_server: Server) -> None:
    whole = b"GET /livez HTTP/1.1\r\nHost: catdog\r\n\r\n"
    said = asyncio.run(raw_client.say(hasty_server.url, whole))
    assert said.startswith(b"HTTP/1.1 200 ")
    assert said.count(b"HTTP/1.1") == 1


def test_half_a_head_after_an_answer_is_a_408_too(hasty_server: Server) -> None:
    whole = b"GET /livez HTTP/1.1\r\nHost: catdog\r\n\r\n"
    said = asyncio.run(raw_client.say(hasty_server.url, whole + whole[:20]))
    assert said.startswith(b"HTTP/1.1 200 ")
    assert said.count(b"HTTP/1.1 408 ") == 1


def test_an_answer_that_nobody_reads_does_not_hold_its_connection(hasty_server: Server) -> None:
    """Many answers: the kernel takes some MB of them before anything has to wait."""
    before = established(hasty_server)
    with socket.socket() as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.settimeout(0.2)
        deaf.connect(("127.0.0.1", hasty_server.port))
        try:
            while True:  # until neither side takes any more
                deaf.send(b"GET /openapi.json HTTP/1.1\r\nHost: catdog\r\n\r\n" * 100)
        except (TimeoutError, ConnectionError):
            pass
        deadline = time.monotonic() + PATIENCE_S
        while established(hasty_server) > before and time.monotonic() < deadline:
            time.sleep(0.1)
        assert established(hasty_server) <= before


def test_a_body_in_crumbs_is_refused(server: Server) -> None:
    said = asyncio.run(raw_client.say(server.url, CHUNKED + CRUMB * request_parser.CRUMBS))
    detail = assert_problem(parse(said), 400, "malformed-request")
    assert f"{request_parser.CRUMBS} bytes" in detail
    assert "Traceback" not in server.log.read_text()


def test_who_is_refused_within_a_body_has_had_an_answer(
    client: httpx.Client, server: Server
) -> None:
    moves(
        client,
        lambda: asyncio.run(raw_client.say(server.url, CHUNKED + b"ZZZ\r\n")),
        {
            "catdog_requests_total{route=/predict,status=400}": 1,
            "catdog_request_seconds_count{route=/predict}": 1,
            "catdog_rejections_total{reason=malformed-request}": 1,
        },
    )


def test_a_large_head_is_refused_before_it_is_taken_apart(server: Server) -> None:
    fields = b"a:b\r\n" * (request_parser.MAX_HEAD_BYTES // 5)
    for head in (fields, fields * 8):
        bytes_ = b"GET /livez HTTP/1.1\r\nHost: catdog\r\n" + head + b"\r\n"
        detail = assert_problem(
            parse(asyncio.run(raw_client.say(server.url, bytes_))), 400, "malformed-request"
        )
        assert "32 KiB" in detail


def test_large_trailers_are_refused_before_they_are_taken_apart(server: Server) -> None:
    picture = pictures.plain((8, 0, 128))
    body = b"%x\r\n%b\r\n0\r\n" % (len(picture), picture)
    few, many = (b"a:b\r\n" * n for n in (10, request_parser.MAX_HEAD_BYTES))
    closing = CHUNKED[:-2] + b"Connection: close\r\n\r\n"
    answer = parse(asyncio.run(raw_client.say(server.url, closing + body + few + b"\r\n")))
    assert is_answer_to((8, 0, 128), answer.json()), answer.text
    answer = parse(asyncio.run(raw_client.say(server.url, CHUNKED + body + many + b"\r\n")))
    assert "32 KiB" in assert_problem(answer, 400, "malformed-request")


def test_a_body_of_two_lengths_is_refused_and_what_follows_is_not_heeded(server: Server) -> None:
    """What stands before us may have gone by the other length, and passed on a second request."""
    both = CHUNKED.replace(b"Transfer-", b"Content-Length: 5\r\nTransfer-")
    second = b"GET /livez HTTP/1.1\r\nHost: catdog\r\n\r\n"
    said = asyncio.run(raw_client.say(server.url, both + b"0\r\n\r\n" + second))
    assert said.count(b"HTTP/1.1") == 1
    assert "Send one of them" in assert_problem(parse(said), 400, "malformed-request")


def test_a_refused_head_has_no_body(server: Server) -> None:
    """To send one is an error of ours, and was one in the log."""
    head = b"HEAD /livez HTTP/1.1\r\nHost: catdog\r\nContent-Length: 3\r\n"
    said = asyncio.run(raw_client.say(server.url, head + b"Transfer-Encoding: chunked\r\n\r\n"))
    assert said.startswith(b"HTTP/1.1 400 ")
    assert said.endswith(b"\r\n\r\n")
    assert "Traceback" not in server.log.read_text()


def test_a_head_just_as_large_as_is_allowed_is_taken(server: Server) -> None:
    head = b"GET /livez HTTP/1.1\r\nHost: catdog\r\nConnection: close\r\nX-Long: "
    whole = head.ljust(request_parser.MAX_HEAD_BYTES - 4, b"x") + b"\r\n\r\n"
    assert len(whole) == request_parser.MAX_HEAD_BYTES
    with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE_S) as client:
        for at in range(0, len(whole), 1000):  # however it is cut up on its way
            client.sendall(whole[at : at + 1000])
            time.sleep(0.001)
        assert client.recv(12) == b"HTTP/1.1 200"


@pytest.mark.parametrize(
    ("target", "status"),
    [
        (b"http://another.example/livez", 200),
        (b"HTTPS://another.example:8443/livez?x=http://c/d", 200),
        (b"http://another.example?x=/livez", 200),  # the page
        (b"ftp://another.example/livez", 404),
        (b"another.example/livez", 404),
    ],
)
def test_a_target_may_be_a_whole_address(server: Server, target: bytes, status: int) -> None:
    """As proxies are asked; servers must take it too."""
    request = b"GET " + target + b" HTTP/1.1\r\nHost: catdog\r\nConnection: close\r\n\r\n"
    said = asyncio.run(raw_client.say(server.url, request))
    assert parse(said).status_code == status


def test_small_chunks_of_many_requests_are_none_of_a_bodys_crumbs(client: httpx.Client) -> None:
    picture = pictures.plain((8, 0, 128), size=(8, 8))
    assert len(picture) < request_parser.CRUMBS
    for _ in range(4):
        answer = client.post("/predict", content=(bytes([b]) for b in picture))
        assert is_answer_to((8, 0, 128), answer.json()), answer.text


def test_what_is_no_http_is_told_so_as_a_problem(server: Server) -> None:
    said = asyncio.run(raw_client.say(server.url, b"EHLO catdog\r\n\r\n"))
    assert_problem(parse(said), 400, "malformed-request")
    assert json.loads(said.partition(b"\r\n\r\n")[2])["detail"].startswith("These bytes")


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n",
    ],
)
def test_a_head_against_the_rules_is_not_said_to_be_no_http(server: Server, head: bytes) -> None:
    answer = parse(asyncio.run(raw_client.say(server.url, head + b"\r\n")))
    assert "breaks the rules" in assert_problem(answer, 400, "malformed-request")


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"EHLO catdog\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n" + b"a:b\r\n" * request_parser.MAX_HEAD_BYTES + b"\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: c", 408),
    ],
    ids=["no-http", "large-head", "half-a-head"],
)
def test_refused_without_a_request_it_has_an_id_and_a_line_of_log(
    hasty_server: Server, sent: bytes, status: int
) -> None:
    answer = parse(asyncio.run(raw_client.say(hasty_server.url, sent)))
    assert answer.status_code == status
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    (request_id,) = answer.headers.get_list("x-request-id")
    (line,) = lines_of(hasty_server, request_id)[request_id]
    assert line.pop("time")
    assert line == {
        "level": "info",
        "message": f"no request {status}",
        "request_id": request_id,
        "status": status,
        "problem": answer.json()["type"].removeprefix("/docs#"),
        "model": hasty_server.tag,
    }


@pytest.mark.parametrize("in_one_go", [True, False])
@pytest.mark.parametrize("has_id", [True, False])
def test_a_body_that_breaks_is_given_up_at_once(
    server: Server, has_id: bool, in_one_go: bool
) -> None:
    """While its client is still there: what it holds of the bytes of all would be missed."""
    own_id = f"broken-{'at-once' if in_one_go else 'later'}"
    field = f"X-Request-Id: {own_id}\r\n".encode() if has_id else b""
    head = CHUNKED[:-2] + field + b"\r\n" + b"400\r\n" + bytes(0x400) + b"\r\n"
    with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE_S) as client:
        if in_one_go:
            client.sendall(head + b"no size\r\n")
        else:
            client.sendall(head)
            wait_until_answering(server)
            client.sendall(b"no size\r\n")
        answer = parse(read_to_the_end(client))
        assert_problem(answer, 400, "malformed-request")
        assert answer.headers["x-content-type-options"] == "nosniff"
        (request_id,) = answer.headers.get_list("x-request-id")
        assert (request_id == own_id) == has_id
        (line,) = lines_of(server, request_id)[request_id]
        assert (line["status"], line["problem"]) == (400, "malformed-request")
        assert line["path"] == "/predict"


def test_more_connections_than_descriptors_allow_are_closed_and_then_all_is_well(
    hasty_server: Server,
) -> None:
    """Those that the server holds come to an end, too: nothing comes on them."""
    process = process_of(hasty_server, "CatDog")
    before = process.rlimit(psutil.RLIMIT_NOFILE)
    process.rlimit(psutil.RLIMIT_NOFILE, (256, before[1]))
    try:
        crowd = [socket.create_connection(("127.0.0.1", hasty_server.port)) for _ in range(600)]
        for one in crowd:  # each is told to go, by and by
            one.settimeout(PATIENCE_S)
            with contextlib.suppress(ConnectionError):
                assert one.recv(1) == b""
            one.close()
        answer = httpx.post(f"{hasty_server.url}/predict", content=pictures.plain((8, 0, 128)))
        assert is_answer_to((8, 0, 128), answer.json()), answer.text
        assert process_of(hasty_server, "CatDog").pid == process.pid
        assert hasty_server.log.read_text().count("others are closed at once") == 1
    finally:
        process.rlimit(psutil.RLIMIT_NOFILE, before)


def test_an_empty_line_may_stand_before_a_request(server: Server) -> None:
    """Old clients end a body with one (RFC 9112, 2.2)."""
    picture = pictures.plain()
    head = b"POST /predict HTTP/1.1\r\nHost: c\r\nContent-Length: %d\r\n" % len(picture)
    last = b"GET /livez HTTP/1.1\r\nHost: c\r\nConnection: close\r\n\r\n"
    sent = b"\r\n" + head + b"\r\n" + picture + b"\r\n" + last
    said = asyncio.run(raw_client.say(server.url, sent))
    assert said.count(b"HTTP/1.1 200 ") == 2


def test_an_empty_line_may_come_in_two_halves(server: Server) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE_S) as client:
        client.sendall(b"\r")
        time.sleep(0.2)
        client.sendall(b"\nGET /livez HTTP/1.1\r\nHost: c\r\nConnection: close\r\n\r\n")
        assert read_to_the_end(client).startswith(b"HTTP/1.1 200 ")
