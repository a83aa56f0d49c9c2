"""Mixed traffic: what good and bad clients do, and whether the answers to them are right.

Each act is one client's visit; it returns what the server did wrong, or None.
"""

import asyncio
import io
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from random import Random
from typing import Any

import aiohttp

from tests.abuse import raw_client
from tests.abuse.contract import SHEDDING, complaint
from tests.abuse.mutations import Mutant
from tests.abuse.specimens import Specimen

_MOST_IN_A_BATCH = 16
_MOST_KEPT_COMPLAINTS = 100
_BURST = 256  # requests at once; more than the server of a soak has places for

_FORM = {"Content-Type": "multipart/form-data; boundary=xyz"}
_NO_FORMS = (
    b"",
    b"garbage",
    b"--xyz\r\nContent-Type: image/png\r\n\r\nx\r\n--xyz--\r\n",
    b'--xyz\r\nContent-Disposition: form-data; name="image"\r\n\r\nnever closed',
    b"--xyz\r\n" + b"X: y\r\n" * 10_000 + b"\r\n",
    b'--xyz\r\nContent-Disposition: form-data; name="photo"\r\n\r\nx\r\n--xyz--\r\n',
)
_POST = b"POST /predict HTTP/1.1\r\nHost: catdog\r\n"
_NO_HTTP = (
    b"\0" * 64 + b"\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(64),  # a TLS hello
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"GET\r\n\r\n",
    _POST + b"Content-Length: -1\r\n\r\n",
    _POST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nx",
    _POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
    _POST + b"X: " + b"y" * 100_000 + b"\r\n\r\n",
)

Act = Callable[[], Awaitable[str | None]]


class Traffic:
    """Visits, and the count of what came of them."""

    def __init__(
        self,
        url: str,
        http: aiohttp.ClientSession,
        specimens: Sequence[Specimen],
        spoiled: Iterator[Mutant],
        seed: int,
    ) -> None:
        self._url = url
        self._http = http
        self._specimens = specimens
        self._rng = Random(seed)  # noqa: S311 - to be repeated, not to be secret
        self._mutants = spoiled
        self.visits: Counter[str] = Counter()
        self.statuses: Counter[int] = Counter()
        self.complaints: list[str] = []
        self._acts: dict[Act, int] = {
            self.picture: 40,
            self.form: 20,
            self.batch: 10,
            self.spoiled_picture: 20,
            self.no_form: 3,
            self.no_http: 3,
            self.other_route: 5,
            self.leave_half_way: 3,
            self.leave_while_waiting: 3,
        }

    async def visit(self, act: Act | None = None) -> None:
        """One act, of those that take no longer than an answer if none is given."""
        chosen = act or self._rng.choices(list(self._acts), list(self._acts.values()))[0]
        try:
            wrong = await chosen()
        except (aiohttp.ClientError, OSError) as exc:
            wrong = f"no answer: {exc!r}"
        self.visits[chosen.__name__] += 1
        if wrong is not None and len(self.complaints) < _MOST_KEPT_COMPLAINTS:
            self.complaints.append(f"{chosen.__name__}: {wrong}")

    async def picture(self) -> str | None:
        """A good picture as the body."""
        specimen = self._rng.choice(self._specimens)
        return await self._post("/predict", specimen.data, [specimen])

    async def form(self) -> str | None:
        """A good picture in a form."""
        specimen = self._rng.choice(self._specimens)
        return await self._post("/predict", _form(specimen), [specimen])

    async def batch(self) -> str | None:
        """Good and spoiled pictures in a batch."""
        n = self._rng.randint(1, _MOST_IN_A_BATCH)
        sent = [
            next(self._mutants) if self._rng.random() < 0.2 else self._rng.choice(self._specimens)
            for _ in range(n)
        ]
        return await self._post("/predict/batch", _form(*sent), sent)

    async def spoiled_picture(self) -> str | None:
        """A mutant; a bomb at times."""
        mutant = next(self._mutants)
        return await self._post("/predict", mutant.data, [mutant])

    async def no_form(self) -> str | None:
        """Malformed multipart."""
        path = self._rng.choice(("/predict", "/predict/batch"))
        return await self._expect("POST", path, 400, data=self._rng.choice(_NO_FORMS))

    async def no_http(self) -> str | None:
        """Malformed HTTP: a 4xx, or nothing, or a reset."""
        no_http = self._rng.choice(_NO_HTTP)
        try:
            said = await raw_client.say(self._url, no_http)
        except ConnectionResetError:  # the server closes with some of it unread
            return None
        is_right = not said or said.startswith(b"HTTP/1.1 4")
        return None if is_right else f"{no_http[:40]!r} got {said[:80]!r}"

    async def other_route(self) -> str | None:
        """What there is beside pictures, and what there is not."""
        method, path, status = self._rng.choice(
            (
                ("GET", "/", 200),
                ("GET", "/docs", 200),
                ("GET", "/model", 200),
                ("GET", "/metrics", 200),
                ("GET", "/livez", 200),
                ("GET", "/../etc/passwd", 404),
                ("GET", f"/{self._rng.randbytes(8).hex()}", 404),
                ("DELETE", "/predict", 405),
                ("POST", "/model", 405),
            )
        )
        return await self._expect(method, path, status)

    async def leave_half_way(self) -> str | None:
        """Gone in the middle of the request."""
        whole = raw_client.request(self._rng.choice(self._specimens).data)
        await raw_client.leave(self._url, whole[: self._rng.randrange(1, len(whole))])
        return None

    async def leave_while_waiting(self) -> str | None:
        """Gone before the answer."""
        whole = raw_client.request(self._rng.choice(self._specimens).data)
        await raw_client.leave(self._url, whole, after_s=self._rng.random() / 100)
        return None

    async def slow(self) -> str | None:
        """A byte a second, until the server has had enough."""
        whole = raw_client.request(self._rng.choice(self._specimens).data)
        said = await raw_client.trickle(self._url, whole[:-60], whole[-60:])
        is_right = said.startswith((b"HTTP/1.1 408", b"HTTP/1.1 429"))
        return None if is_right else f"said {said[:80]!r}"

    async def burst(self) -> str | None:
        """More requests at once than the server has places for."""
        await asyncio.gather(*(self.visit(self.picture) for _ in range(_BURST)))
        return None

    async def _post(
        self, path: str, data: bytes | aiohttp.FormData, sent: Sequence[Specimen | Mutant]
    ) -> str | None:
        payload = io.BytesIO(data) if isinstance(data, bytes) else data
        async with self._http.post(path, data=payload) as response:
            body = await response.read()
            self.statuses[response.status] += 1
            wrong = complaint(response.status, response.headers, body, may_shed=True)
            if wrong is None and response.status == 200:
                answer = await response.json()
                wrong = _wrong_answer(sent, answer.get("predictions", [answer]))
            elif wrong is None and response.status not in (429, 503):
                is_refused_rightly = path == "/predict" and isinstance(sent[0], Mutant)
                wrong = None if is_refused_rightly else f"{response.status} {body[:200]!r}"
            return wrong

    async def _expect(self, method: str, path: str, status: int, data: bytes = b"") -> str | None:
        headers = _FORM if data or status == 400 else {}
        async with self._http.request(method, path, data=data, headers=headers) as response:
            self.statuses[response.status] += 1
            await response.read()
            if response.status in (status, 429):
                return None
            return f"{response.status} to {method} {path} with {data[:40]!r}, not {status}"


def _form(*pictures: Specimen | Mutant) -> aiohttp.FormData:
    form = aiohttp.FormData()
    for picture in pictures:
        form.add_field("image", io.BytesIO(picture.data), filename=picture.name)
    return form


def _wrong_answer(
    sent: Sequence[Specimen | Mutant], answers: Sequence[dict[str, Any]]
) -> str | None:
    """Of answers to these pictures, in order, the first that is not its picture's."""
    if len(answers) != len(sent):
        return f"{len(answers)} answers to {len(sent)} pictures"
    for picture, answer in zip(sent, answers, strict=True):
        is_shed = answer.get("error", {}).get("status") in SHEDDING
        if isinstance(picture, Mutant) or is_shed:
            continue
        if "error" in answer or not picture.is_answered_by(answer):
            return f"{picture.name} got {answer}"
    return None
