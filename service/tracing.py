"""OpenTelemetry traces, sent where an endpoint is configured.

The SDK is used directly: BentoML's own tracing makes a span of every ASGI message, 160 of
them for an upload of 10 MB, puts query strings into them, and wants its endpoint in a file of
its own. It is switched off in `service.service`.

Standard variables count: OTEL_EXPORTER_OTLP_ENDPOINT and its relatives, OTEL_SERVICE_NAME,
OTEL_RESOURCE_ATTRIBUTES, OTEL_TRACES_SAMPLER, OTEL_BSP_...
"""

from collections.abc import Mapping
from threading import Thread
from time import perf_counter, time_ns

from opentelemetry import trace
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from starlette.types import Scope

from service.record import Record

ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
FLUSH_S = 5  # what spans are left get so long at shutdown, be the collector there or not

_parent = TraceContextTextMapPropagator()


class TracingError(ValueError):
    """The variables of OpenTelemetry do not fit each other."""


class Tracing:
    """Makes the spans of requests that have been answered, and sends them in the background."""

    def __init__(self, version: str) -> None:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import OTELResourceDetector, Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        ours = Resource.create({"service.name": "catdog", "service.version": version})
        resource = ours.merge(OTELResourceDetector().detect())  # the environment has the last word
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        try:
            self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        except ValueError as exc:
            raise TracingError(
                f"Traces cannot be sent as the variables OTEL_... say: {str(exc).rstrip('.')}."
            ) from exc
        self._tracer = self._provider.get_tracer("catdog")

    @classmethod
    def from_environment(cls, environ: Mapping[str, str], version: str) -> "Tracing | None":
        """None where no endpoint is configured: then tracing costs nothing."""
        return cls(version) if any(environ.get(name) for name in ENDPOINTS) else None

    def trace(self, record: Record, scope: Scope, error: Exception | None) -> str:
        """A span for the request, in the client's trace if it named one, and one each for
        decoding and scoring.

        Returns:
            The trace's id, 32 hexadecimal digits.
        """
        # Spans want Unix time, records have the clock that never jumps.
        epoch_ns = time_ns() - int(perf_counter() * 1e9)

        def unix_ns(seconds: float) -> int:
            return epoch_ns + int(seconds * 1e9)

        headers = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
        }
        span = self._tracer.start_span(
            f"{record.method} {record.route}",
            context=_parent.extract(headers),
            kind=trace.SpanKind.SERVER,
            start_time=unix_ns(record.started_s),
            attributes={
                "http.request.method": record.method,
                "http.route": record.route,
                "http.request.body.size": record.bytes_in,
                "catdog.request_id": record.request_id,
                "catdog.pictures": record.pictures,
            },
        )
        if record.status is not None:
            span.set_attribute("http.response.status_code", record.status)
        if record.problem is not None:
            span.set_attribute("error.type", record.problem)
        if error is not None:
            span.record_exception(error)
        if record.status is None or record.status >= 500:
            span.set_status(trace.StatusCode.ERROR)
        seconds = {"catdog.queue_seconds": record.queue_s, "catdog.model_seconds": record.model_s}
        for name, watch, attributes in (
            ("decode", record.decode, {}),
            ("score", record.score, seconds),
        ):
            if watch.started_s is not None:
                self._tracer.start_span(
                    name,
                    context=trace.set_span_in_context(span),
                    start_time=unix_ns(watch.started_s),
                    attributes=attributes,
                ).end(unix_ns(watch.started_s + watch.seconds))
        span.end(unix_ns(record.started_s + record.duration_s))
        return trace.format_trace_id(span.get_span_context().trace_id)

    def close(self) -> None:
        """Send what is left, within `FLUSH_S`."""
        flush = Thread(target=self._provider.shutdown, daemon=True)
        flush.start()
        flush.join(FLUSH_S)


def check(environ: Mapping[str, str]) -> None:
    """Raises: TracingError: an endpoint is configured, and something that does not fit it."""
    if tracing := Tracing.from_environment(environ, ""):
        tracing.close()
