"""GET /metrics: each metric moves by exactly what was sent."""

import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import httpx
import pytest

from tests import known_network, pictures
from tests.http.prometheus import moves, samples
from tests.live_server import Server
from tests.pictures import BLUE, GREEN, RED

SCORED = ("catdog_queue_seconds_count{}", "catdog_model_seconds_count{}")


def answered(route: str, status: int) -> dict[str, float]:
    return {
        f"catdog_requests_total{{route={route},status={status}}}": 1,
        f"catdog_request_seconds_count{{route={route}}}": 1,
    }


def of_answers(*colours: tuple[int, int, int]) -> dict[str, float]:
    """What predictions of these colours add."""
    expected: dict[str, float] = {}
    for rgb in colours:
        label = {RED: "cat", BLUE: "dog", GREEN: "neither"}[rgb]
        p, novelty = known_network.p_cat(rgb), round(known_network.novelty(rgb), 4)
        confidence = novelty if label == "neither" else round(max(p, 1 - p), 4)
        for series, by in (
            (f"catdog_predictions_total{{label={label}}}", 1),
            (f"catdog_confidence_ratio_count{{label={label}}}", 1),
            (f"catdog_confidence_ratio_sum{{label={label}}}", confidence),
            ("catdog_novelty_ratio_count{}", 1),
            ("catdog_novelty_ratio_sum{}", novelty),
        ):
            expected[series] = round(expected.get(series, 0) + by, 4)
    return expected


@pytest.mark.parametrize("rgb", [RED, BLUE, GREEN])
def test_one_picture_moves_each_metric_by_one(
    client: httpx.Client, rgb: tuple[int, int, int]
) -> None:
    moves(
        client,
        lambda: client.post("/predict", content=pictures.plain(rgb)),
        answered("/predict", 200)
        | of_answers(rgb)
        | dict.fromkeys(SCORED, 1)
        | {"catdog_decode_seconds_count{}": 1}
        | {"catdog_batch_pictures_count{}": 1, "catdog_batch_pictures_sum{}": 1},
    )


def test_client_that_left_got_no_answer(client: httpx.Client, server: Server) -> None:
    picture = pictures.plain(RED)
    head = f"POST /predict HTTP/1.1\r\nHost: catdog\r\nContent-Length: {len(picture)}\r\n\r\n"

    def ask_and_leave() -> None:
        with socket.create_connection(("127.0.0.1", server.port)) as connection:
            connection.sendall(head.encode() + picture)

    moves(
        client,
        ask_and_leave,
        {
            "catdog_requests_total{route=/predict,status=none}": 1,
            "catdog_request_seconds_count{route=/predict}": 1,
        }
        | dict.fromkeys(SCORED, 1)
        | {"catdog_decode_seconds_count{}": 1}
        | {"catdog_batch_pictures_count{}": 1, "catdog_batch_pictures_sum{}": 1},
    )


def test_batch_moves_predictions_and_rejections_by_its_pictures(client: httpx.Client) -> None:
    parts = [
        ("a.png", pictures.plain(RED)),
        ("b.jpg", pictures.truncated_jpeg()),
        ("c.png", pictures.plain(BLUE)),
        ("d.png", b""),
        ("e.png", pictures.plain(RED)),
        ("f.txt", b"hello"),
        ("g.txt", b"hello"),
    ]
    reasons = {"damaged-picture": 1, "empty-picture": 1, "unsupported-picture": 2}
    moves(
        client,
        lambda: client.post("/predict/batch", files=[("image", part) for part in parts]),
        answered("/predict/batch", 200)
        | of_answers(RED, BLUE, RED)
        | {f"catdog_rejections_total{{reason={reason}}}": n for reason, n in reasons.items()}
        | dict.fromkeys(SCORED, 1)
        | {"catdog_decode_seconds_count{}": 1}
        | {"catdog_batch_pictures_count{}": 1, "catdog_batch_pictures_sum{}": 3},
    )


def test_batch_of_40_reaches_the_network_as_three(client: httpx.Client) -> None:
    parts = [("image", ("a.png", pictures.plain(RED)))] * 40
    moves(
        client,
        lambda: client.post("/predict/batch", files=parts),
        answered("/predict/batch", 200)
        | of_answers(*[RED] * 40)
        | dict.fromkeys(SCORED, 1)
        | {"catdog_decode_seconds_count{}": 1}
        | {"catdog_batch_pictures_count{}": 3, "catdog_batch_pictures_sum{}": 40},
    )


@pytest.mark.parametrize(
    ("data", "status", "reason"),
    [
        (b"", 400, "no-picture"),
        (b"hello", 415, "unsupported-picture"),
        (bytes(11 * 1024 * 1024), 413, "too-many-bytes"),
    ],
)
def test_refused_request_is_a_rejection_by_its_reason(
    client: httpx.Client, data: bytes, status: int, reason: str
) -> None:
    moves(
        client,
        lambda: client.post("/predict", content=data),
        answered("/predict", status) | {f"catdog_rejections_total{{reason={reason}}}": 1},
    )


def test_refused_picture_was_decoded_and_never_scored(client: httpx.Client) -> None:
    moves(
        client,
        lambda: client.post("/predict", content=pictures.bomb()),
        answered("/predict", 413)
        | {"catdog_rejections_total{reason=too-many-pixels}": 1}
        | {"catdog_decode_seconds_count{}": 1},
    )


def test_unknown_paths_are_one_route(client: httpx.Client) -> None:
    def wander() -> None:
        for n in range(20):
            client.get(f"/nothing/{n}?key=secret")

    moves(
        client,
        wander,
        {series: 20 * n for series, n in answered("unknown", 404).items()}
        | {"catdog_rejections_total{reason=not-found}": 20},
    )
    assert "/nothing" not in client.get("/metrics").text


def test_page_is_one_route(client: httpx.Client) -> None:
    moves(client, lambda: client.get("/page/page.css"), answered("/page", 200))


def test_probes_are_counted_and_nothing_else(client: httpx.Client) -> None:
    moves(
        client,
        lambda: client.get("/readyz"),
        {"catdog_requests_total{route=/readyz,status=200}": 1},
    )


def test_request_is_in_flight_until_it_is_answered(client: httpx.Client, server: Server) -> None:
    """Its picture is not before it is there."""
    go_on = threading.Event()

    def slow() -> Iterator[bytes]:
        yield pictures.plain()[:10]
        go_on.wait()
        yield pictures.plain()[10:]

    def upload() -> None:
        httpx.post(f"{server.url}/predict", content=slow(), timeout=30)

    uploading = threading.Thread(target=upload)
    one = {"catdog_requests_in_flight{}": 1.0}
    try:
        moves(client, uploading.start, one)
    finally:
        go_on.set()
        uploading.join()
    assert samples(client)["catdog_requests_in_flight{}"] == 0


def test_every_picture_of_a_batch_is_in_flight_while_it_is_worked_on(
    client: httpx.Client, server: Server
) -> None:
    files = [("image", ("a.png", data)) for data in [pictures.plain()] * 4 + [pictures.slow()]]

    def send() -> None:
        assert httpx.post(f"{server.url}/predict/batch", files=files, timeout=30).is_success

    with ThreadPoolExecutor() as clients:
        sent: list[Future[None]] = []
        moves(
            client,
            lambda: sent.append(clients.submit(send)),
            {"catdog_requests_in_flight{}": 1, "catdog_pictures_in_flight{}": 5},
        )
    sent[0].result()
    assert samples(client)["catdog_pictures_in_flight{}"] == 0


def test_model_that_answers_is_named(client: httpx.Client, server: Server) -> None:
    series = f"catdog_model_info{{precision=f32,tag={server.tag}}}"
    assert [s for s in samples(client) if s.startswith("catdog_model_info")] == [series]
    assert samples(client)[series] == 1


def test_start_of_each_process_is_in_seconds_since_1970(client: httpx.Client) -> None:
    there = samples(client)
    for process in ("http", "network"):
        started = there[f"catdog_process_start_time_seconds{{process={process}}}"]
        assert 0 < time.time() - started < 3600 * 24


def test_model_that_was_never_tested_leads_to_expect_nothing(client: httpx.Client) -> None:
    assert [series for series in samples(client) if "expected" in series] == []


def test_every_kind_of_rejection_and_label_is_there_from_the_start(client: httpx.Client) -> None:
    there = samples(client)
    assert "catdog_rejections_total{reason=internal-error}" in there
    assert "catdog_predictions_total{label=neither}" in there


@pytest.mark.parametrize(
    ("name", "edges"),
    [
        ("catdog_request_seconds", (0.001, 30.0)),
        ("catdog_decode_seconds", (0.001, 30.0)),
        ("catdog_queue_seconds", (0.001, 30.0)),
        ("catdog_model_seconds", (0.001, 30.0)),
        ("catdog_novelty_ratio", (0.99, 0.999, 1.0)),
        ("catdog_confidence_ratio", (0.5, 0.999, 1.0)),
        ("catdog_batch_pictures", (1.0, 16.0)),
    ],
)
def test_buckets_are_fine_where_it_matters(
    client: httpx.Client, name: str, edges: tuple[float, ...]
) -> None:
    client.post("/predict", content=pictures.plain())
    text = client.get("/metrics").text
    lines = [line for line in text.splitlines() if line.startswith(f"{name}_bucket")]
    for edge in edges:
        assert any(f'le="{edge}"' in line for line in lines)
