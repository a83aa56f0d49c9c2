"""From a request's body to the bytes of its pictures, with every limit kept on the way.

What a client says of its bytes (Content-Type, file names) is not trusted: curl's
`--data-binary` calls a JPEG a form. `service.images.sniff` decides.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from starlette.requests import ClientDisconnect, Request

from service import images, problems
from service.admission import Share
from service.multipart import FIELD, Part, PartReader
from service.problems import Problem
from service.settings import Settings

_FRAMING_BYTES = 64 * 1024  # what a form may add to its one picture: boundaries, headers, fields


@dataclass(frozen=True)
class Upload:
    """A picture as it came: its bytes, or the problem that this picture alone has.

    name: the file's name as the client gave it, never used as a path.
    """

    name: str | None
    content: bytes | Problem

    @property
    def n_bytes(self) -> int:
        """0 of one that is not going to be decoded."""
        return 0 if isinstance(self.content, Problem) else len(self.content)

    def bytes(self) -> bytes:
        """Raises: Problem: this picture's."""
        if isinstance(self.content, Problem):
            raise self.content
        return self.content


async def read_one(request: Request, settings: Settings, held: Share) -> bytes:
    """The one picture of a raw body, or of the part `image` of a form.

    Args:
        held: of the bytes that all requests may hold; what arrives is taken of it.
    Raises:
        Problem: 400, 408, 413, 415 or 503.
    """
    async with _in_time(settings):
        if not _is_multipart(request):
            return await _read_raw(request, settings, held)
        detail = f"Several parts {FIELD!r} came; {request.url.path} takes one. "
        detail += "/predict/batch takes more."
        reader = PartReader(
            request.headers["content-type"],
            max_parts=1,
            too_many=Problem(problems.MALFORMED, detail),
            max_part_bytes=settings.max_upload_bytes,
        )
        most = settings.max_upload_bytes + _FRAMING_BYTES
        uploads = await _read_parts(request, reader, most, held)
        return uploads[0].bytes()


async def read_many(request: Request, settings: Settings, held: Share) -> list[Upload]:
    """All parts `image` of a form, in their order; at least one.

    Args:
        held: of the bytes that all requests may hold; what arrives is taken of it.
    Raises:
        Problem: 400, 408, 413, 415 or 503 of the whole request.
    """
    if not _is_multipart(request):
        detail = f"A batch is a multipart/form-data body with one part {FIELD!r} a picture"
        raise Problem(problems.UNSUPPORTED, f"{detail}; {_came(request)} came.")
    most = settings.max_batch_pictures
    detail = f"Over {most} pictures came; at most {most} are allowed. Send several requests."
    reader = PartReader(
        request.headers["content-type"],
        max_parts=most,
        too_many=Problem(problems.TOO_MANY_PICTURES, detail),
        max_part_bytes=settings.max_upload_bytes,
    )
    async with _in_time(settings):
        return await _read_parts(request, reader, settings.max_batch_bytes, held)


async def _read_raw(request: Request, settings: Settings, held: Share) -> bytes:
    body = bytearray()
    async for chunk in _chunks(request, settings.max_upload_bytes, held):
        body += chunk
    if not body:
        detail = f"The body is empty. Send a picture as the body, or as a form's part {FIELD!r}."
        raise Problem(problems.NO_PICTURE, detail)
    if images.sniff(bytes(body[: images.HEAD_BYTES])) is None:
        raise Problem(problems.UNSUPPORTED, _not_a_picture(request))
    return bytes(body)


async def _read_parts(
    request: Request, reader: PartReader, max_bytes: int, held: Share
) -> list[Upload]:
    try:
        async for chunk in _chunks(request, max_bytes, held):
            reader.feed(chunk)
        reader.close()
    except Problem as exc:
        is_form = bool(reader.parts or reader.other_names)
        if exc.kind is problems.MALFORMED and not is_form and (encoded := _encoded(request)):
            raise Problem(problems.UNSUPPORTED, encoded) from exc
        raise
    if not reader.parts:
        came = ", ".join(map(repr, reader.other_names)) or "none"
        detail = f"The form has no part named {FIELD!r}; the parts that came: {came}. Name "
        detail += f"the picture's {FIELD!r}."
        raise Problem(problems.NO_PICTURE, detail)
    return [_upload(part, reader.max_part_bytes) for part in reader.parts]


def _upload(part: Part, max_bytes: int) -> Upload:
    if len(part.data) > max_bytes:
        return Upload(part.name, problems.picture_too_long(max_bytes))
    data = bytes(part.data)
    if part.is_text and data and images.sniff(data) is None:
        detail = f"The part {FIELD!r} is a text field. Send a picture's bytes as a file"
        detail += "; this service never fetches a URL and never opens a path."
        return Upload(None, Problem(problems.MALFORMED, detail))
    return Upload(part.name, data)


async def _chunks(request: Request, max_bytes: int, held: Share) -> AsyncIterator[bytes]:
    """The body as it arrives; refused as soon as it is known to be too long."""
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > max_bytes:
        raise _too_long(max_bytes)
    came_bytes = 0
    async for chunk in request.stream():
        came_bytes += len(chunk)
        if came_bytes > max_bytes:
            raise _too_long(max_bytes)
        held.take(len(chunk))
        yield chunk


@asynccontextmanager
async def _in_time(settings: Settings) -> AsyncIterator[None]:
    """What may go wrong with the arrival of a body, as problems."""
    try:
        async with asyncio.timeout(settings.upload_timeout_s):
            yield
    except TimeoutError as exc:
        detail = f"The body did not come to its end within {settings.upload_timeout_s:g} s."
        detail += " Send a smaller picture, or fewer at once."
        raise Problem(problems.UPLOAD_TIMEOUT, detail) from exc
    except ClientDisconnect as exc:
        detail = "The body ended before its announced length. Send it again, whole."
        raise Problem(problems.MALFORMED, detail) from exc


def _too_long(max_bytes: int) -> Problem:
    detail = f"The body has over {max_bytes} bytes, which is the most allowed here."
    return Problem(
        problems.TOO_MANY_BYTES,
        f"{detail} Scale pictures down to 512 pixels on the short side, or send fewer at once.",
    )


def _is_multipart(request: Request) -> bool:
    return request.headers.get("content-type", "").lower().startswith("multipart/form-data")


def _came(request: Request) -> str:
    return request.headers.get("content-type") or "a body without Content-Type"


def _encoded(request: Request) -> str:
    """What to say of a body that a client says it compressed; empty if it does not."""
    encoding = request.headers.get("content-encoding", "identity")
    if encoding.lower() == "identity":
        return ""
    return f"The body is encoded ({encoding} came), and none is decoded here. Send it as it is."


def _not_a_picture(request: Request) -> str:
    if encoded := _encoded(request):
        return encoded
    kinds = ", ".join(kind.media_type for kind in images.KINDS)
    return (
        f"The body is not an image of a kind we take ({_came(request)} came). Send the bytes "
        f"of one of: {kinds}. This service never fetches a URL and never opens a path."
    )
