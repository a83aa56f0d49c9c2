"""The BentoML services: `CatDog` speaks HTTP, `Network` holds the model and batches.

Only `CatDog` is exposed. It reaches `Network` over a Unix socket, in pickles that no
client can write to. Serve it with `bentoml serve service.service:CatDog`.
"""

import logging
import os
from functools import partial
from threading import Thread
from time import perf_counter
from typing import Any

import bentoml
import numpy as np
from bentoml.exceptions import BentoMLException
from starlette.types import ASGIApp, Receive, Scope, Send

from service import (
    app,
    artifact,
    connection,
    descriptors,
    draining,
    engines,
    filters,
    garbage,
    log,
    metrics,
    patience,
    settings,
    store,
    supervision,
    tracing,
)
from service.cores import usable_cores
from service.cross_origin import allow_origins
from service.explainer import Explainer
from service.gathering import Gathering
from service.headers import SecurityHeaders
from service.keys import Keys, KeysError, RequireKey
from service.lingering import linger
from service.remote import CHUNK, Remote, insist
from service.row import WIDTH, packed
from service.settings import REQUEST_TIMEOUT_S
from service.sight import Sight
from service.system_routes import SystemRoutes
from service.tracing import Tracing, TracingError
from service.watch import Watch

logger = logging.getLogger(__name__)

MAX_BATCH = CHUNK  # larger batches are no faster on a CPU, and everyone in them waits longer
MAX_LATENCY_MS = 30_000  # past it BentoML sheds load; `max_in_flight` does so long before
DOORS = ("score", "score_beside")  # methods of `Network` that do the same

# Here: no hook of BentoML's comes before it builds its applications, and starts uvicorn.
patience.start_no_timers()
connection.install()


def _config() -> dict[str, object]:
    """What both services have in common."""
    return {
        "workers": 1,  # each would load its own model and take all cores
        "traffic": {"timeout": REQUEST_TIMEOUT_S},
        "logging": {"access": {"enabled": False}},  # `service.access_log` instead
        "tracing": {"excluded_urls": ".*"},  # `service.tracing` instead
    }


_BATCHED = {
    "batchable": True,
    "batch_dim": 0,
    "max_batch_size": MAX_BATCH,
    "max_latency_ms": MAX_LATENCY_MS,
}

# BentoML's client of a dependency closes its session after so many requests or seconds,
# with whatever is in flight on it: at 32 clients a quarter of those requests fail. There
# is no value for "never".
_NEVER_REFRESH = {"max_requests": 10**15, "max_age": 1e15}


@bentoml.service(**_config(), threads=len(DOORS) + 1, runner_connection=_NEVER_REFRESH)
class Network:
    """The exported model. A batch or two at a time, on all cores that this process may use.

    Two, so that the cores are not idle while the rows of one are carried back and the pictures
    of the next are brought. BentoML's batching lets one batch at a time through each method,
    and learns from those who wait at its door to hold back single ones, too. So there are two
    doors, and nobody knocks at one that is taken: see `service.gathering`.
    """

    def __init__(self) -> None:
        self._log = log.configure()
        metrics.take_space()
        metrics.started("network")
        self._batch_pictures = metrics.batch_pictures()
        chosen = settings.from_environment(os.environ)
        folder, tag = store.path_of(chosen.model)
        card = artifact.verify(folder)
        self._engine = engines.load(folder, card, chosen)
        logger.info("%s runs with %s", tag, self._engine.name)
        self._engine.warm_up(range(1, MAX_BATCH + 1))
        if artifact.read_classes(folder):  # beside the first requests: readiness need not wait
            Thread(target=self._engine.prepare_to_see, name="prepare to see").start()
        draining.go_last("CatDog", REQUEST_TIMEOUT_S)
        supervision.end_with_it()
        garbage.freeze_what_is_there()

    @bentoml.on_shutdown
    def close_log(self) -> None:
        """After the last batch."""
        self._log.close()

    @bentoml.api(**_BATCHED)
    def score(self, pixels: np.ndarray) -> np.ndarray:
        """Score a batch; see `_rows`."""
        return self._rows(pixels)

    @bentoml.api(**_BATCHED)
    def score_beside(self, pixels: np.ndarray) -> np.ndarray:
        """Score a batch, while `score` may be scoring another."""
        return self._rows(pixels)

    def _rows(self, pixels: np.ndarray) -> np.ndarray:
        """Score what BentoML made one batch of.

        Args:
            pixels: (B, 224, 224, 3) uint8, RGB.
        Returns:
            (B, WIDTH) float32, see `service.row`.
        """
        self._batch_pictures.observe(len(pixels))
        started_s = perf_counter()
        scores = self._engine(pixels)
        rows = packed(scores.logits, scores.novelty, perf_counter() - started_s)
        # BentoML does not check: one row fewer, and callers get each other's answers.
        if rows.shape != (len(pixels), WIDTH):
            raise RuntimeError(f"{len(pixels)} pictures went in, {rows.shape} scores came out")
        return rows

    @bentoml.api
    def see(self, pixels: np.ndarray) -> Any:
        """Say what the network responds to in one picture.

        Args:
            pixels: (1, 224, 224, 3) uint8, RGB.
        Returns:
            `service.sight.Sight`.
        """
        self._batch_pictures.observe(len(pixels))
        started_s = perf_counter()
        sight = self._engine.see(pixels)
        return sight._replace(seconds=perf_counter() - started_s)


async def _http(scope: Scope, receive: Receive, send: Send) -> None:
    """Hands requests to the application that `CatDog` made when it started."""
    await bentoml.get_current_service().http(scope, receive, send)


# BentoML's own metrics have series for every path that is asked for: after 6,000 unknown ones,
# /metrics was 21 MB, took 25 s, and the process had grown by 320 MB. `service.metrics` instead.
@bentoml.service(**_config(), metrics={"enabled": False})
@bentoml.asgi_app(_http, path="/")
class CatDog:
    """Tells cats from dogs."""

    network = bentoml.depends(Network)

    @bentoml.on_deployment
    @staticmethod
    def pin_model() -> None:
        """Before any process starts: settle settings and model, or refuse to start.

        The exact tag goes into the environment that all worker processes inherit, so
        that one restarted after a promotion still serves the model of its neighbours.
        """
        try:
            chosen = settings.from_environment(os.environ)
            folder, exact_tag = store.path_of(chosen.model)
            engines.check(artifact.verify(folder), chosen)
            if chosen.api_keys_file:
                Keys.check(chosen.api_keys_file)
            tracing.check(os.environ)
        except (
            settings.SettingsError,
            store.StoreError,
            artifact.ArtifactError,
            engines.EngineError,
            KeysError,
            TracingError,
        ) as exc:
            raise BentoMLException(str(exc)) from exc
        os.environ[settings.variable("model")] = exact_tag
        if chosen.api_keys_file:  # the others' working directory is another
            os.environ[settings.variable("api_keys_file")] = str(chosen.api_keys_file.absolute())
        supervision.install()

    def __init__(self) -> None:
        self._log = log.configure()
        metrics.take_space()
        draining.refuse_new_connections()
        supervision.end_with_it()
        descriptors.raise_limit()
        chosen = settings.from_environment(os.environ)
        connection.hurry_handshakes(chosen.upload_timeout_s)
        folder, tag = store.path_of(chosen.model)
        card = artifact.read_card(folder)
        gathering = Gathering([partial(self._score, door) for door in DOORS], most=CHUNK)
        score = Remote(gathering)
        classes = artifact.read_classes(folder)
        explainer = Explainer(
            see=partial(insist, self._see),
            score=score,
            calibration=card.calibration,
            tag=tag,
            classes=classes,
        )
        counted = metrics.Metrics(tag, card)
        self.http = app.build(
            score=score,
            card=card,
            tag=tag,
            settings=chosen,
            decoders=usable_cores(),
            pictures_per_s=lambda: gathering.pictures_per_s,
            observe_pictures=counted.work_on,
            explain=explainer if classes else None,
            filters=partial(filters.sheet, folder),
        )
        self.watch = Watch(
            self.http.routes,
            tag=tag,
            metrics=counted,
            tracing=Tracing.from_environment(os.environ, tag),
            logs_requests=chosen.access_log,
        )
        garbage.freeze_what_is_there()

    async def _score(self, door: str, pixels: np.ndarray) -> np.ndarray:
        rows: np.ndarray = await getattr(self.network.to_async, door)(pixels)
        return rows

    async def _see(self, pixels: np.ndarray) -> Sight:
        return Sight.of(await self.network.to_async.see(pixels))

    @bentoml.on_shutdown
    def stop_watching(self) -> None:
        """After the last answer."""
        self.watch.close()
        self._log.close()


class Watched:
    """ASGI middleware: the watch that `CatDog` set up when it started."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await bentoml.get_current_service().watch(self.app, scope, receive, send)
        else:
            await self.app(scope, receive, send)


# Outermost first, around BentoML's routes too. Whatever answers must be beneath the watch.
for middleware in (SecurityHeaders, Watched, linger, allow_origins, RequireKey, SystemRoutes):
    CatDog.add_asgi_middleware(middleware)  # type: ignore[attr-defined]  # a Service by now
