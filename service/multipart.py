"""multipart/form-data (RFC 7578), as it arrives: the parts named `image`, in their order."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from service import problems
from service.problems import Problem

FIELD = "image"
_PIECE_BYTES = 4096  # of nothing but boundaries it costs a millisecond
MAX_PARTS_BESIDE = 16  # fields of other names; a form has a few, an attack many


@dataclass
class Part:
    """One `image` part.

    name: the file's name as the client gave it; None where it gave none.
    is_text: neither a name nor its Content-Type says that this is a file.
    data: its bytes, of which at most `max_part_bytes` + 1 are kept.
    """

    name: str | None
    is_text: bool
    data: bytearray = field(default_factory=bytearray)


class PartReader:
    """Feed it the body chunk by chunk; each call is short, so no event loop is blocked."""

    def __init__(
        self, content_type: str, *, max_parts: int, too_many: Problem, max_part_bytes: int
    ) -> None:
        """Start on a body.

        Args:
            content_type: the request's; it holds the boundary.
            max_parts: parts named `image` that are allowed.
            too_many: what to raise for the one after those.
            max_part_bytes: of a longer part, one byte more is kept and the rest dropped.
        Raises:
            Problem: no boundary, or one that is too long: over 256 characters. RFC 2046 has 70.
        """
        _, options = parse_options_header(content_type)
        boundary = options.get(b"boundary")
        if not boundary:
            raise _malformed("its Content-Type names no boundary")
        self.parts: list[Part] = []
        self.other_names: list[str] = []
        self._max_parts = max_parts
        self._too_many = too_many
        self.max_part_bytes = max_part_bytes
        self._current: Part | None = None
        self._header_name = b""
        self._header_value = b""
        self._disposition = self._content_type = b""
        self._is_complete = False
        # What begins like a boundary costs a hundred times what other bytes do, and RFC 2046
        # allows none within a part.
        self._delimiter = b"\r\n--" + boundary
        self._delimiters_left = max_parts + MAX_PARTS_BESIDE + 2
        try:
            self._parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._begin,
                    "on_header_field": self._add_header_name,
                    "on_header_value": self._add_header_value,
                    "on_header_end": self._end_header,
                    "on_headers_finished": self._end_headers,
                    "on_part_data": self._add_data,
                    "on_end": self._end,
                },
            )
        except FormParserError as exc:
            raise _malformed("its boundary is longer than 256 characters") from exc

    def feed(self, chunk: bytes) -> None:
        """Raises: Problem: malformed, or too many parts."""
        if chunk.count(self._delimiter) <= self._delimiters_left:
            return self._feed(chunk)
        for start in range(0, len(chunk), _PIECE_BYTES):  # too many parts are told as such
            self._feed(chunk[start : start + _PIECE_BYTES])
            if self._delimiters_left < 0:
                raise _malformed("its boundary stands within its parts")
        return None

    def _feed(self, chunk: bytes) -> None:
        self._delimiters_left -= chunk.count(self._delimiter)
        try:
            self._parser.write(chunk)
        except FormParserError as exc:
            why = "its parts are not framed by the boundary it names, or their headers are longer "
            raise _malformed(f"{why}or more than is allowed") from exc

    def close(self) -> None:
        """Raises: Problem: the body ended before its closing boundary."""
        if not self._is_complete:
            raise _malformed("it ends before its closing boundary")

    def _begin(self) -> None:
        self._disposition = self._content_type = b""

    def _add_header_name(self, data: bytes, start: int, end: int) -> None:
        self._header_name += data[start:end]

    def _add_header_value(self, data: bytes, start: int, end: int) -> None:
        self._header_value += data[start:end]

    def _end_header(self) -> None:
        if self._header_name.lower() == b"content-disposition":
            self._disposition = self._header_value
        elif self._header_name.lower() == b"content-type":
            self._content_type = self._header_value
        self._header_name = self._header_value = b""

    def _end_headers(self) -> None:
        _, options = parse_options_header(self._disposition)
        if b"name" not in options:
            raise _malformed("a part of it has no name")
        name = _text(options, b"name")
        if name != FIELD:
            self._current = None
            self.other_names.append(name or "")
            if len(self.other_names) > MAX_PARTS_BESIDE:
                raise _malformed(f"it has over {MAX_PARTS_BESIDE} parts not named {FIELD!r}")
            return
        if len(self.parts) == self._max_parts:
            raise self._too_many
        is_named = b"filename" in options or b"filename*" in self._disposition
        is_typed = bool(self._content_type) and not self._content_type.startswith(b"text/")
        self._current = Part(_text(options, b"filename"), not (is_named or is_typed))
        self.parts.append(self._current)

    def _add_data(self, data: bytes, start: int, end: int) -> None:
        if self._current is not None:
            room = self.max_part_bytes + 1 - len(self._current.data)
            self._current.data += data[start : min(end, start + max(0, room))]

    def _end(self) -> None:
        self._is_complete = True


def _text(options: Mapping[bytes, bytes], key: bytes) -> str | None:
    value = options.get(key)
    return None if value is None else value.decode("utf-8", "replace")


def _malformed(why: str) -> Problem:
    detail = f"This is not a well-formed multipart/form-data body: {why}. "
    return Problem(problems.MALFORMED, detail + "Let an HTTP library write it.")
