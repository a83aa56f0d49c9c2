"""Sees every request from its first byte to its answer's last, and says what it saw.

Everything that is said of a request comes from its `Record`, once it has been answered: a line
of log, metrics, a trace. The layers beneath only note into it.
"""

from collections.abc import Iterable
from time import perf_counter

from starlette.datastructures import MutableHeaders
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service import access_log, problems, system_routes
from service.connection import has_left
from service.metrics import Metrics
from service.record import REQUEST_ID, Record, request_id
from service.tracing import Tracing

UNKNOWN = "unknown"  # the route of every path that is none of ours
OTHER_METHOD = "_OTHER"  # as OpenTelemetry's conventions have it: a client may send kilobytes
METHODS = {"CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"}


class Watch:
    """Around everything else that answers a request."""

    def __init__(
        self,
        routes: Iterable[BaseRoute],
        *,
        tag: str,
        metrics: Metrics,
        tracing: Tracing | None,
        logs_requests: bool,
    ) -> None:
        """Put it together.

        Args:
            routes: of our application; BentoML's are known.
            tag: of the model that answers.
            logs_requests: a line each; failures of ours are logged in any case.
        """
        routes = list(routes)
        self._paths = {route.path for route in routes if isinstance(route, Route)}
        self._paths.update(system_routes.ROUTES)
        self._mounts = [route.path for route in routes if isinstance(route, Mount)]
        self._tag = tag
        self._metrics = metrics
        self._tracing = tracing
        self._logs_requests = logs_requests

    async def __call__(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        """Let `app` answer a request of HTTP."""
        method = scope["method"] if scope["method"] in METHODS else OTHER_METHOD
        record = Record(
            request_id=request_id(scope), method=method, route=self._route(scope["path"])
        )
        record.attach(scope)
        error: Exception | None = None

        async def receive_and_count() -> Message:
            message = await receive()
            record.bytes_in += len(message.get("body", b""))
            return message

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                record.status = None if has_left(scope) else message["status"]
                MutableHeaders(scope=message)[REQUEST_ID] = record.request_id
            await send(message)
            if record.duration_s == 0 or message.get("body"):
                record.duration_s = perf_counter() - record.started_s

        is_quiet = record.route in system_routes.ROUTES
        if not is_quiet:
            self._metrics.begin()
        try:
            await app(scope, receive_and_count, send_with_id)
        except Exception as exc:
            # Said below, with the request's id; the server would say it once more, without.
            error = exc
            if record.status is None:
                await problems.internal().as_response()(scope, receive, send_with_id)
        finally:
            if record.status is None:
                record.duration_s = perf_counter() - record.started_s
            self._metrics.count(record)
            if not is_quiet:
                self._metrics.end(record)
            if not is_quiet or error:
                self._say(record, scope, error)

    def close(self) -> None:
        """No request will come any more."""
        if self._tracing:
            self._tracing.close()

    def _route(self, path: str) -> str:
        if path in self._paths:
            return path
        return next((mount for mount in self._mounts if path.startswith(f"{mount}/")), UNKNOWN)

    def _say(self, record: Record, scope: Scope, error: Exception | None) -> None:
        trace_id = self._tracing.trace(record, scope, error) if self._tracing else None
        if error or self._logs_requests:
            access_log.write(record, self._tag, trace_id, error)
