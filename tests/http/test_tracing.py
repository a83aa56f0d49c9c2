"""OpenTelemetry traces of a live server, in a collector of the test's own."""

import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from service.tracing import Tracing
from tests import live_server, pictures
from tests.http import collector
from tests.http.collector import Collector, attributes
from tests.http.log_lines import Line, json_lines
from tests.live_server import Server

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


def ask(server: Server, request_id: str, path: str, **request: object) -> httpx.Response:
    headers = {"X-Request-Id": request_id} | request.pop("headers", {})
    return httpx.request(
        request.pop("method", "POST"), server.url + path, headers=headers, timeout=30, **request
    )


@pytest.fixture(scope="module")
def traced(
    bentoml_home: Path, server: Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Collector, list[Line]]]:
    """What came of requests to a server that only sends at its end, and what it logged."""
    log = tmp_path_factory.mktemp("traced") / "log.txt"
    with collector.listening() as receiver:
        with live_server.running(
            bentoml_home,
            log,
            server.tag,
            OTEL_EXPORTER_OTLP_ENDPOINT=receiver.url,
            OTEL_BSP_SCHEDULE_DELAY="3600000",
            OTEL_RESOURCE_ATTRIBUTES="deployment.environment.name=tests",
        ) as own:
            files = [("image", ("SECRET.png", pictures.plain())), ("image", ("b.png", b"x"))]
            ask(own, "good", "/predict", content=pictures.plain(), params={"key": "SECRET"})
            ask(own, "many", "/predict/batch", files=files)
            ask(own, "damaged", "/predict", content=pictures.truncated_jpeg())
            ask(own, "unknown", "/SECRET/path", method="GET")
            for name, flags in (("child", "01"), ("unsampled", "00")):
                traceparent = {"traceparent": f"00-{TRACE}-{PARENT}-{flags}"}
                ask(own, name, "/predict", content=pictures.plain(), headers=traceparent)
            ask(own, "probe", "/readyz", method="GET")
            assert receiver.spans == []
        yield receiver, json_lines(log.read_text())


@pytest.fixture
def received(traced: tuple[Collector, list[Line]]) -> Collector:
    return traced[0]


def test_spans_left_at_shutdown_are_sent(received: Collector) -> None:
    assert set(received.paths) == {"/v1/traces"}
    ids = [attributes(span).get("catdog.request_id") for span in received.spans]
    assert sorted(filter(None, ids)) == ["child", "damaged", "good", "many", "unknown"]


def test_resource_is_ours_and_what_the_environment_says(
    received: Collector, server: Server
) -> None:
    for resource in received.resources:
        assert resource["service.name"] == "catdog"
        assert resource["service.version"] == server.tag
        assert resource["deployment.environment.name"] == "tests"


def test_request_has_a_span_and_in_it_decode_and_score(received: Collector) -> None:
    span, children = received.of_request("good")
    assert span.kind == Span.SPAN_KIND_SERVER
    assert span.name == "POST /predict"
    about = attributes(span)
    assert about["http.route"] == "/predict"
    assert about["http.response.status_code"] == 200
    assert about["catdog.pictures"] == 1
    assert list(children) == ["decode", "score"]
    decode, score = children.values()
    edges = [span.start_time_unix_nano, decode.start_time_unix_nano, decode.end_time_unix_nano]
    edges += [score.start_time_unix_nano, score.end_time_unix_nano, span.end_time_unix_nano]
    assert edges == sorted(edges)
    spent_s = (score.end_time_unix_nano - score.start_time_unix_nano) / 1e9
    parts = attributes(score)
    assert parts["catdog.model_seconds"] > 0
    assert sum(parts.values()) == pytest.approx(spent_s, abs=1e-4)
    assert {s.trace_id for s in (span, decode, score)} == {span.trace_id}


def test_batch_says_how_many_pictures_came(received: Collector) -> None:
    span, children = received.of_request("many")
    assert attributes(span)["catdog.pictures"] == 2
    assert list(children) == ["decode", "score"]


def test_refused_picture_has_no_score_and_is_no_error_of_ours(received: Collector) -> None:
    span, children = received.of_request("damaged")
    assert list(children) == ["decode"]
    assert attributes(span)["error.type"] == "damaged-picture"
    assert span.status.code == Status.STATUS_CODE_UNSET


def test_trace_of_the_client_is_gone_on_with(received: Collector) -> None:
    span, _ = received.of_request("child")
    assert span.trace_id.hex() == TRACE
    assert span.parent_span_id.hex() == PARENT


def test_nothing_of_what_was_sent_is_in_a_trace(received: Collector) -> None:
    assert "SECRET" not in str(received.spans)


def test_log_names_the_trace(traced: tuple[Collector, list[Line]]) -> None:
    receiver, lines = traced
    span, _ = receiver.of_request("good")
    (line,) = (line for line in lines if line.get("request_id") == "good")
    assert line["trace_id"] == span.trace_id.hex()


def test_collector_that_never_answers_costs_requests_nothing_and_the_log_one_line(
    bentoml_home: Path, server: Server, tmp_path: Path
) -> None:
    log = tmp_path / "log.txt"
    with (
        socket.create_server(("127.0.0.1", 0), backlog=64) as silent,
        live_server.running(
            bentoml_home,
            log,
            server.tag,
            CATDOG_ACCESS_LOG="false",
            OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=f"http://127.0.0.1:{silent.getsockname()[1]}/v1/traces",
            OTEL_EXPORTER_OTLP_TRACES_TIMEOUT="1",
            OTEL_BSP_SCHEDULE_DELAY="10",
            OTEL_BSP_MAX_QUEUE_SIZE="8",
            OTEL_BSP_MAX_EXPORT_BATCH_SIZE="4",
        ) as own,
    ):
        for n in range(40):
            assert ask(own, f"r-{n}", "/predict", content=pictures.plain()).status_code == 200
        silent.settimeout(10)
        silent.accept()[0].close()  # it was tried
    text = log.read_text()
    assert "Completed cleanup hook: stop_watching" in text
    of_tracing = [line for line in json_lines(text) if "runs with" not in line["message"]]
    assert len(of_tracing) == 1
    assert "Traceback" not in text


def test_without_an_endpoint_there_is_no_tracing() -> None:
    assert Tracing.from_environment({"OTEL_SERVICE_NAME": "x"}, "1") is None
    assert Tracing.from_environment({"OTEL_EXPORTER_OTLP_ENDPOINT": ""}, "1") is None
