"""HTTP: which paths there are, and what each answers. Knows no network."""

from collections.abc import Callable
from typing import cast

import numpy as np
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Mount, Route

from service import documentation, explainer, lessons, metrics, openapi, problems
from service.answer import Answer
from service.artifact import Card
from service.batch import batch
from service.explainer import Explain
from service.explanation import FILTERS
from service.intake import Intake
from service.page_files import PageFiles
from service.problems import Problem
from service.record import Record
from service.row import Score, answered, network_s
from service.settings import Settings

FILTERS_MAX_AGE_S = 3600  # they change with the model, and then hardly


class Routes:
    """The endpoints, and what they share."""

    def __init__(
        self,
        *,
        score: Score,
        card: Card,
        tag: str,
        settings: Settings,
        intake: Intake,
        explain: Explain | None,
        filters: Callable[[], bytes],
    ) -> None:
        self._score = score
        self._card = card
        self._tag = tag
        self._intake = intake
        self._explain = explain
        self._filters = filters
        self._filters_png: bytes | None = None  # before it is first asked for
        self._openapi = openapi.document(settings, tag)
        self._docs_html = documentation.render(self._openapi)

    async def predict(self, request: Request) -> Response:
        """POST /predict: one picture."""
        record = Record.of(request.scope)
        async with self._intake.one(request) as pixels:
            rows = await self._rows(pixels[np.newaxis], record)
        record.answers = [self._answer(rows[0])]
        return JSONResponse(record.answers[0].model_dump())

    async def predict_batch(self, request: Request) -> Response:
        """POST /predict/batch: many pictures, each with its own answer or problem."""
        record = Record.of(request.scope)
        async with self._intake.many(request) as decoded:
            good = [pixels for _, pixels in decoded if isinstance(pixels, np.ndarray)]
            rows = iter(await self._rows(np.stack(good), record) if good else ())
        outcomes = [
            (name, outcome if isinstance(outcome, Problem) else self._answer(next(rows)))
            for name, outcome in decoded
        ]
        record.answers = [outcome for _, outcome in outcomes if isinstance(outcome, Answer)]
        record.refusals = [
            outcome.kind.slug for _, outcome in outcomes if isinstance(outcome, Problem)
        ]
        return JSONResponse(batch(self._tag, outcomes).model_dump())

    async def explain(self, request: Request) -> Response:
        """POST /explain: one picture, its answer, and what in it spoke for that."""
        if self._explain is None:
            raise problems.not_explainable()
        record = Record.of(request.scope)
        async with self._intake.one(request, explainer.COST) as pixels:
            explanation = await self._explain(pixels, record)
        return JSONResponse(explanation.model_dump())

    async def model(self, _: Request) -> Response:
        """GET /model: the card of the model that answers."""
        return JSONResponse({"tag": self._tag, **self._card.model_dump(mode="json")})

    async def filters(self, _: Request) -> Response:
        """GET /model/filters.png: the first layer's filters."""
        if self._filters_png is None:
            self._filters_png = await run_in_threadpool(self._filters)
        if not self._filters_png:
            raise problems.no_filters()
        headers = {"Cache-Control": f"max-age={FILTERS_MAX_AGE_S}"}
        return Response(self._filters_png, headers=headers, media_type="image/png")

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

    async def lessons(self, _: Request) -> Response:
        """GET /lessons: the lecture."""
        html, policy = lessons.page()
        return HTMLResponse(html, headers={"Content-Security-Policy": policy})

    async def _rows(self, pixels: np.ndarray, record: Record) -> np.ndarray:
        """What `Score` says."""
        with record.score:
            rows = await self._score(pixels)
        record.model_s = network_s(rows)
        return rows

    def _answer(self, row: np.ndarray) -> Answer:
        return answered(row, self._card.calibration, self._tag)


def build(
    *,
    score: Score,
    card: Card,
    tag: str,
    settings: Settings,
    decoders: int,
    pictures_per_s: Callable[[], float | None] = lambda: None,
    observe_pictures: Callable[[int], None] = lambda _: None,
    explain: Explain | None = None,
    filters: Callable[[], bytes] = bytes,
) -> Starlette:
    """Put the application together.

    Args:
        score: (N, 224, 224, 3) uint8 RGB to (N, 4) float32, see `service.row`.
        card: of the very model that `score` runs.
        tag: its exact tag.
        settings: limits.
        decoders: processes, each of which decodes one picture at a time.
        pictures_per_s: says how fast `score` is of late; None while nobody knows.
        observe_pictures: is told how many pictures are worked on, of all requests, as they change.
        explain: what that model says of one picture, and why; None where its graph cannot.
        filters: its first layer's filters as a PNG; empty where there are none.
    """
    routes = Routes(
        score=score,
        card=card,
        tag=tag,
        settings=settings,
        intake=Intake(settings, decoders, pictures_per_s, observe_pictures),
        explain=explain,
        filters=filters,
    )
    page = PageFiles()
    app = Starlette(
        routes=[
            Route("/", page.start),
            Mount("/page", page),
            Route("/predict", routes.predict, methods=["POST"]),
            Route("/predict/batch", routes.predict_batch, methods=["POST"]),
            Route("/explain", routes.explain, methods=["POST"]),
            Route("/lessons", routes.lessons),
            Route("/model", routes.model),
            Route(FILTERS, routes.filters),
            Route("/docs", routes.docs),
            Route("/openapi.json", routes.openapi),
            Route("/metrics", routes.metrics),
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
