"""HTTP: which paths there are, and what each answers. Knows no network."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast

import numpy as np
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from service import documentation, lessons, metrics, openapi, problems, uploads
from service.admission import Budget
from service.answer import Answer, answer
from service.artifact import Card
from service.batch import batch
from service.decode_process import Bounds
from service.decoder import Decoder
from service.lingering import Lingering
from service.problems import Problem
from service.record import Record
from service.remote import CHUNK
from service.settings import Settings
from service.uploads import Upload

SAFETY = 0.5  # of the time that an answer may take: in a rush the network is slower than before it
UNTRIED = 64  # pictures that are accepted before the network has shown its speed
PAGE = Path(__file__).parent / "page"

Score = Callable[[np.ndarray], Awaitable[np.ndarray]]


class Routes:
    """The endpoints, and what they share."""

    def __init__(
        self,
        *,
        score: Score,
        card: Card,
        tag: str,
        settings: Settings,
        decoders: int,
        pictures_per_s: Callable[[], float | None],
    ) -> None:
        self._score = score
        self._card = card
        self._tag = tag
        self._settings = settings
        self._decoders = decoders
        self._decode = Decoder(
            decoders,
            Bounds(settings.max_pixels, settings.decode_cpu_timeout_s, settings.decode_timeout_s),
        )
        self._pictures_per_s = pictures_per_s
        self._pictures = Budget(self._most_in_flight, problems.too_many_requests)
        self._bytes = Budget(lambda: settings.max_buffered_bytes, problems.overloaded)
        self._openapi = openapi.document(settings, tag)
        self._docs_html = documentation.render(self._openapi)

    async def predict(self, request: Request) -> Response:
        """POST /predict: one picture."""
        record = Record.of(request.scope)
        self._pictures.refuse_if_spent()
        with self._bytes.share() as held, self._pictures.share() as worked_on:
            data = await uploads.read_one(request, self._settings, held)
            worked_on.take(1)  # not before: who sends slowly keeps nobody out
            record.pictures = 1
            async with _within(self._settings.answer_timeout_s):
                with record.decode:
                    pixels = await self._decode(data)
                rows = await self._rows(pixels[np.newaxis], record)
        record.answers = [self._answer(rows[0])]
        return JSONResponse(record.answers[0].model_dump())

    async def predict_batch(self, request: Request) -> Response:
        """POST /predict/batch: many pictures, each with its own answer or problem."""
        record = Record.of(request.scope)
        self._pictures.refuse_if_spent()
        with self._bytes.share() as held, self._pictures.share() as worked_on:
            received = await uploads.read_many(request, self._settings, held)
            worked_on.take(len(received))
            record.pictures = len(received)
            async with _within(self._settings.answer_timeout_s):
                turn = asyncio.Semaphore(max(1, self._decoders // 2))  # others get the rest
                with record.decode:
                    decoded = await asyncio.gather(
                        *(self._pixels_or_problem(upload, turn) for upload in received)
                    )
                good = [pixels for pixels in decoded if isinstance(pixels, np.ndarray)]
                rows = iter(await self._rows(np.stack(good), record) if good else ())
        outcomes = [
            (upload.name, outcome if isinstance(outcome, Problem) else self._answer(next(rows)))
            for upload, outcome in zip(received, decoded, strict=True)
        ]
        record.answers = [outcome for _, outcome in outcomes if isinstance(outcome, Answer)]
        record.refusals = [
            outcome.kind.slug for _, outcome in outcomes if isinstance(outcome, Problem)
        ]
        return JSONResponse(batch(self._tag, outcomes).model_dump())

    async def model(self, _: Request) -> Response:
        """GET /model: the card of the model that answers."""
        return JSONResponse({"tag": self._tag, **self._card.model_dump(mode="json")})

    async def openapi(self, _: Request) -> Response:
        """GET /openapi.json."""
        return JSONResponse(self._openapi)

    async def docs(self, request: Request) -> Response:
        """GET /docs: the OpenAPI document; rendered for who asks for HTML, as browsers do."""
        response: Response = JSONResponse(self._openapi)
        if "text/html" in request.headers.get("accept", ""):
            response = HTMLResponse(self._docs_html)
        response.headers["Vary"] = "Accept"
        return response

    async def metrics(self, _: Request) -> Response:
        """GET /metrics: of all processes, for Prometheus."""
        text, media_type = await run_in_threadpool(metrics.exposition)
        return Response(text, media_type=media_type)

    async def page(self, _: Request) -> Response:
        """GET /: the page to try it on."""
        return FileResponse(PAGE / "index.html")

    async def lessons(self, _: Request) -> Response:
        """GET /lessons: the lecture."""
        html, policy = lessons.page()
        return HTMLResponse(html, headers={"Content-Security-Policy": policy})

    def _most_in_flight(self) -> int:
        """Pictures that are accepted: as many as can be answered in time, at the speed of late."""
        most = self._settings.max_in_flight
        speed = self._pictures_per_s()
        if speed is None:
            return min(most, UNTRIED)
        in_time = int(speed * self._settings.answer_timeout_s * SAFETY)
        return min(most, max(in_time, CHUNK))

    async def _pixels_or_problem(
        self, upload: Upload, turn: asyncio.Semaphore
    ) -> np.ndarray | Problem:
        try:
            async with turn:
                return await self._decode(upload.bytes())
        except Problem as problem:
            return problem

    async def _rows(self, pixels: np.ndarray, record: Record) -> np.ndarray:
        """What `Score` says."""
        with record.score:
            rows = await self._score(pixels)
        # The rows of a batch all bear its seconds, to the bit: each batch counts once.
        record.model_s = float(np.unique(rows[:, 3]).sum())
        return rows

    def _answer(self, row: np.ndarray) -> Answer:
        """Args: row: (4,) float32, logit of cat, logit of dog, novelty, seconds."""
        return answer(row[:2], float(row[2]), self._card.calibration, self._tag)


def build(
    *,
    score: Score,
    card: Card,
    tag: str,
    settings: Settings,
    decoders: int,
    pictures_per_s: Callable[[], float | None] = lambda: None,
) -> Starlette:
    """Put the application together.

    Args:
        score: (N, 224, 224, 3) uint8 RGB to (N, 4) float32: logit of cat, of dog, novelty,
            seconds that the network took for the batch that the picture was in.
        card: of the very model that `score` runs.
        tag: its exact tag.
        settings: limits.
        decoders: processes, each of which decodes one picture at a time.
        pictures_per_s: says how fast `score` is of late; None while nobody knows.
    """
    routes = Routes(
        score=score,
        card=card,
        tag=tag,
        settings=settings,
        decoders=decoders,
        pictures_per_s=pictures_per_s,
    )
    app = Starlette(
        routes=[
            Route("/", routes.page),
            Mount("/page", StaticFiles(directory=PAGE)),
            Route("/predict", routes.predict, methods=["POST"]),
            Route("/predict/batch", routes.predict_batch, methods=["POST"]),
            Route("/lessons", routes.lessons),
            Route("/model", routes.model),
            Route("/docs", routes.docs),
            Route("/openapi.json", routes.openapi),
            Route("/metrics", routes.metrics),
        ],
        middleware=[
            Middleware(
                Lingering,
                max_bytes=settings.max_batch_bytes,
                timeout_s=settings.upload_timeout_s,
            ),
        ],
        exception_handlers={
            Problem: _as_problem,
            404: _not_found,
            405: _method_not_allowed,
            Exception: _internal,
        },
    )
    app.router.redirect_slashes = False  # /predict/ is not a path of ours: 404, no redirect
    return app


@asynccontextmanager
async def _within(seconds: float) -> AsyncIterator[None]:
    """Raises: Problem: 503, it took longer."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError as exc:
        raise problems.overloaded() from exc


async def _as_problem(_: Request, exc: Exception) -> Response:
    return cast(Problem, exc).as_response()


async def _not_found(request: Request, _: Exception) -> Response:
    return problems.not_found(request.url.path).as_response()


async def _method_not_allowed(request: Request, exc: Exception) -> Response:
    allowed = (cast(HTTPException, exc).headers or {})["Allow"]
    return problems.method_not_allowed(request.method, request.url.path, allowed).as_response()


async def _internal(_: Request, __: Exception) -> Response:
    """Starlette raises the exception again, and the server logs it with its traceback."""
    return problems.internal().as_response()
