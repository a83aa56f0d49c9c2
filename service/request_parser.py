"""Which bytes are taken for a request: h11's parser, and what it leaves open.

uvicorn takes apart what one read brings, up to 256 KiB, before anybody else's turn comes: in
chunks of one byte that is 240 ms of a core, against 12 ms in the smallest chunks that are taken
here, and 90 ms in a head of so many bytes. (Smaller reads would bound it too, but made every
upload dearer: at 64 KiB by 3 ms of a core for 10 MiB.)
"""

import re

import h11
from h11._receivebuffer import ReceiveBuffer  # to which h11 gives no public name

CRUMBS = 256  # chunks in a row that may be small: a form of many small pictures has some
CRUMB_BYTES = 128  # which those are; libraries send kilobytes
MAX_HEAD_BYTES = 32 * 1024  # nginx takes as many


class _Refused(h11.RemoteProtocolError):
    """Its message is for the sender."""


class _Received(ReceiveBuffer):
    """Refuses large heads and trailers before they are taken apart, which is what costs."""

    def skip_empty_line(self) -> bool:
        """One may stand before a request (RFC 9112, 2.2): old clients end a body with it.

        Returns:
            whether half of one is there, and nothing else.
        """
        if self._data.startswith(b"\r\n"):
            self.maybe_extract_next_line()
        return self._data == b"\r"

    def maybe_extract_lines(self) -> list[bytearray] | None:
        head = self._data[:MAX_HEAD_BYTES]
        has_end = head.startswith((b"\r\n", b"\n")) or b"\n\r\n" in head or b"\n\n" in head
        if len(self) > MAX_HEAD_BYTES and not has_end:
            most = f"over {MAX_HEAD_BYTES // 1024} KiB, which is all that is taken"
            raise _Refused(
                f"The request's head has {most}. Leave out headers that are meant for others."
            )
        return super().maybe_extract_lines()


class RequestParser(h11.Connection):
    """Refuses large heads, bodies of two lengths, and such as come in crumbs, whose chunks cost
    more to find than to read.
    """

    complaint = "These bytes are no HTTP/1.1 request. For HTTPS, ask the proxy in front."
    is_head = False  # whether the request is HEAD, whose answer has no body
    _chunks = 0
    _chunked_bytes = 0

    def __init__(self) -> None:
        super().__init__(h11.SERVER, max_incomplete_event_size=MAX_HEAD_BYTES)
        self._receive_buffer = self._received = _Received()

    def start_next_cycle(self) -> None:
        super().start_next_cycle()
        self.is_head = False

    def next_event(self) -> h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]:
        if self.their_state is h11.IDLE and self._received.skip_empty_line():
            return h11.NEED_DATA
        try:
            return self._checked(super().next_event())
        except _Refused as exc:
            self.complaint = str(exc)
            raise
        except h11.RemoteProtocolError as exc:
            if "request line" not in str(exc):
                self.complaint = (
                    "The request breaks the rules of HTTP/1.1: one Host, and one Content-Length "
                    "or chunks. Let an HTTP library write it."
                )
            raise

    def _checked(
        self, event: h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]
    ) -> h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]:
        if isinstance(event, h11.Request):
            self._chunks = self._chunked_bytes = 0
            self.is_head = event.method == b"HEAD"
            if {b"content-length", b"transfer-encoding"} <= {name for name, _ in event.headers}:
                # What stands before us may have gone by the other one (RFC 9112, 6.1).
                raise _Refused("Content-Length and Transfer-Encoding came. Send one of them.")
            event = in_origin_form(event)
        elif isinstance(event, h11.Data):
            self._chunked_bytes += len(event.data)
            self._chunks += event.chunk_end
            if self._chunks == CRUMBS:
                self._check_chunks()
        return event

    def _check_chunks(self) -> None:
        if self._chunked_bytes < CRUMBS * CRUMB_BYTES:
            raise _Refused(
                f"{CRUMBS} chunks in a row had {self._chunked_bytes} bytes, fewer than "
                f"{CRUMB_BYTES} each. Send larger ones, or none."
            )
        self._chunks = self._chunked_bytes = 0


def in_origin_form(request: h11.Request) -> h11.Request:
    """`GET http://host/path` as `GET /path` of that host (RFC 9112, 3.2.2); others as they are."""
    if request.target[:1] in (b"/", b"*"):
        return request
    scheme, separator, rest = request.target.partition(b"://")
    if not separator or scheme.lower() not in (b"http", b"https"):
        return request
    host = re.split(rb"[/?]", rest, maxsplit=1)[0]
    path = rest[len(host) :]
    fields = request.headers.raw_items()
    return h11.Request(
        method=request.method,
        target=path if path.startswith(b"/") else b"/" + path,
        headers=[(b"Host", host), *(field for field in fields if field[0].lower() != b"host")],
        http_version=request.http_version,
    )
