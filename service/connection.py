"""What a client may do with a connection before a request is there, and after its answer.

uvicorn closes a connection that is idle after an answer. But it waits for ever for one that
sends nothing, or half a request's head, or leaves an answer unread, and each holds a file
descriptor. It has no settings for this, and BentoML hands none on, so this takes the place of
its protocol; `service.request_parser` that of its parser.
"""

import asyncio
import logging
import os
import weakref
from asyncio import constants
from functools import cache
from http import HTTPStatus
from typing import cast

import h11
import uvicorn.config
from starlette.types import Scope
from uvicorn.protocols.http.h11_impl import H11Protocol

from service import access_log, problems, settings
from service.descriptors import most_connections
from service.headers import secure
from service.log import Seldom
from service.problems import Problem
from service.record import REQUEST_ID, request_id
from service.request_parser import RequestParser
from service.settings import Settings

MAX_DROPPED_BYTES = 1 << 20  # of what comes after a refusal

_CONNECTION = "catdog.connection"  # key in a request's scope

logger = logging.getLogger(__name__)


class Connection(H11Protocol):
    """uvicorn's, with a time for each head, and for each answer to be read."""

    conn: RequestParser

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # handed on as they came
        self.conn = RequestParser()
        self._deadline: asyncio.TimerHandle | None = None
        self._unsent_bytes = 0
        self._has_refused = False
        self._dropped_bytes: int | None = None  # since this connection was refused

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn narrows it
        super().connection_made(transport)
        most = most_connections()
        if len(self.connections) > most:
            logger.warning("%d connections are open; others are closed at once", most)
            transport.abort()
        else:
            self._start_clock()

    @property
    def has_left(self) -> bool:
        """Whether the client of the last request is gone, and not for our having refused it."""
        return bool(self.cycle.disconnected) and not self._has_refused

    def data_received(self, data: bytes) -> None:
        if self._dropped_bytes is None:
            return super().data_received(data)
        self._dropped_bytes += len(data)
        if self._dropped_bytes > MAX_DROPPED_BYTES:
            self.transport.abort()
        return None

    def _should_upgrade(self) -> bool:
        """No: who asks for a WebSocket gets the answer that all others get (RFC 9110, 7.8)."""
        return False

    def handle_events(self) -> None:
        super().handle_events()
        if self.cycle is not None:
            cast(Scope, self.cycle.scope).setdefault(_CONNECTION, weakref.ref(self))
        self._stop_clock_if_we_are_due()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if not self._is_answering():
            self._start_clock()

    def timeout_keep_alive_handler(self) -> None:
        """uvicorn would close a connection 5 s after its last answer, which is when pools and
        proxies are about to use it again. Our clock, which runs then too, does so later.
        """

    def shutdown(self) -> None:
        """Called once the server is to end; it waits for its connections."""
        if self._dropped_bytes is None:
            super().shutdown()
            if self._is_answering():  # uvicorn hangs up after this answer, but does not say so
                cast(Scope, self.scope)["headers"].append((b"connection", b"close"))
        else:
            self.transport.close()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._start_clock()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._stop_clock_if_we_are_due()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_clock()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        """In the place of uvicorn's, which is plain text."""
        del msg
        self._refuse(Problem(problems.MALFORMED, self.conn.complaint))

    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _stop_clock_if_we_are_due(self) -> None:
        if self._is_answering() and not self.flow.write_paused:
            self._stop_clock()

    def _start_clock(self) -> None:
        self._stop_clock()
        self._unsent_bytes = self.transport.get_write_buffer_size()
        self._deadline = self.loop.call_later(_settings().upload_timeout_s, self._time_is_up)

    def _stop_clock(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _time_is_up(self) -> None:
        unsent_bytes = self.transport.get_write_buffer_size()
        if 0 < unsent_bytes < self._unsent_bytes:
            self._start_clock()  # a slow reader, but one who reads
        elif unsent_bytes or self.transport.is_closing() or self._dropped_bytes is not None:
            self.transport.abort()
        elif self.conn.their_state is h11.IDLE and self.conn.trailing_data[0]:
            seconds = _settings().upload_timeout_s
            detail = f"The request's head did not come to its end within {seconds:g} s."
            self._refuse(Problem(problems.UPLOAD_TIMEOUT, detail))
        else:
            self.transport.close()

    def _refuse(self, problem: Problem) -> None:
        """Answer without a request, unless an answer has begun; and say no more.

        What the client is still sending is dropped for a while: were the connection closed
        on it, the kernel would reset that, and the answer be lost (`service.lingering`).
        """
        self._has_refused = True
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            answer = problem.as_response()
            answer.headers[REQUEST_ID] = self._note(problem)
            secure(answer.headers)
            head = h11.Response(
                status_code=answer.status_code,
                headers=[*answer.raw_headers, (b"connection", b"close")],
                reason=HTTPStatus(answer.status_code).phrase.encode(),
            )
            body = [] if self.conn.is_head else [h11.Data(data=bytes(answer.body))]
            for event in (head, *body, h11.EndOfMessage()):
                self.transport.write(self.conn.send(event) or b"")
        if self.cycle is not None:
            self.cycle.disconnected = True  # what is still answering must not write after this
            self.cycle.message_event.set()  # nor wait for the rest of the body
        self._start_clock()
        if self.transport.can_write_eof():
            self._dropped_bytes = 0
            self.transport.write_eof()
        else:
            self.transport.close()

    def _note(self, problem: Problem) -> str:
        """Log the refusal, unless that is of a request whose line says it. Returns its id."""
        if self._is_answering():
            return request_id(cast(Scope, self.scope))
        made = request_id({"headers": []})
        if _settings().access_log:
            access_log.write_refusal(problem, made, _settings().model)
        return made


def has_left(scope: Scope) -> bool:
    """Whether a request's client is gone, or no longer sends: what is sent to it is dropped."""
    find = scope.get(_CONNECTION)
    if find is None:  # no server, but a test
        return False
    connection: Connection | None = find()
    return connection is None or connection.has_left


def hurry_handshakes(timeout_s: float) -> None:
    """Bound TLS handshakes, where BentoML's `--ssl-*` make us do them; asyncio gives them 60 s.

    Connections are ours only after that, to be counted and timed.
    """
    constants.SSL_HANDSHAKE_TIMEOUT = timeout_s


def install() -> None:
    """For a process in which BentoML is about to start uvicorn."""
    logger.addFilter(Seldom())
    uvicorn.config.HTTP_PROTOCOLS["auto"] = f"{__name__}:{Connection.__name__}"


@cache
def _settings() -> Settings:
    return settings.from_environment(os.environ)
