"""The BentoML services: `CatDog` speaks HTTP, `Network` holds the model and batches.

Only `CatDog` is exposed. It reaches `Network` over a Unix socket, in pickles that no
client can write to. Serve it with `bentoml serve service.service:CatDog`.
"""

import os
import warnings

import bentoml
import numpy as np
from bentoml.exceptions import BentoMLException
from starlette.types import Receive, Scope, Send

from service import app, artifact, images, settings, store
from service.cores import usable_cores
from service.engine import Engine
from service.gathering import Gathering
from service.headers import SecurityHeaders
from service.remote import CHUNK, Remote
from service.settings import REQUEST_TIMEOUT_S
from service.system_routes import SystemRoutes

MAX_BATCH = CHUNK  # larger batches are no faster on a CPU, and everyone in them waits longer
MAX_LATENCY_MS = 15_000  # past it BentoML sheds load; `max_in_flight` does so long before


def _config() -> dict[str, object]:
    """What both services have in common."""
    return {
        "workers": 1,  # each would load its own model and take all cores
        "traffic": {"timeout": REQUEST_TIMEOUT_S},
        "logging": {"access": {"enabled": False}},
    }


# BentoML's client of a dependency closes its session after so many requests or seconds,
# with whatever is in flight on it: at 32 clients a quarter of those requests fail. There
# is no value for "never".
_NEVER_REFRESH = {"max_requests": 10**15, "max_age": 1e15}


@bentoml.service(**_config(), threads=1, runner_connection=_NEVER_REFRESH)
class Network:
    """The exported model. One batch at a time, on all cores that this process may use."""

    def __init__(self) -> None:
        folder, _ = store.path_of(settings.from_environment(os.environ).model)
        card = artifact.verify(folder)
        self._engine = Engine.for_card(folder, card)
        self._warm_up()

    @bentoml.api(  # type: ignore[untyped-decorator]
        batchable=True, batch_dim=0, max_batch_size=MAX_BATCH, max_latency_ms=MAX_LATENCY_MS
    )
    def score(self, pixels: np.ndarray) -> np.ndarray:
        """Score a batch that BentoML gathered from several requests.

        Args:
            pixels: (B, 224, 224, 3) uint8, RGB.
        Returns:
            (B, 3) float32: logit of cat, logit of dog, novelty.
        """
        scores = self._engine(pixels)
        rows = np.column_stack([scores.logits, scores.novelty]).astype(np.float32)
        # BentoML does not check: one row fewer, and callers get each other's answers.
        if rows.shape != (len(pixels), 3):
            raise RuntimeError(f"{len(pixels)} pictures went in, {rows.shape} scores came out")
        return rows

    def _warm_up(self) -> None:
        """The first batch of each size is slow: the engine compiles for it."""
        for size in range(1, MAX_BATCH + 1):
            self._engine(np.zeros((size, images.SIDE, images.SIDE, 3), np.uint8))


async def _http(scope: Scope, receive: Receive, send: Send) -> None:
    """Hands requests to the application that `CatDog` made when it started."""
    await bentoml.get_current_service().http(scope, receive, send)


@bentoml.service(**_config())
@bentoml.asgi_app(_http, path="/")
class CatDog:
    """Tells cats from dogs."""

    network = bentoml.depends(Network)

    @bentoml.on_deployment  # type: ignore[untyped-decorator]
    @staticmethod
    def pin_model() -> None:
        """Before any process starts: settle settings and model, or refuse to start.

        The exact tag goes into the environment that all worker processes inherit, so
        that one restarted after a promotion still serves the model of its neighbours.
        """
        try:
            model = settings.from_environment(os.environ).model
            folder, exact_tag = store.path_of(model)
            artifact.verify(folder)
        except (settings.SettingsError, store.StoreError, artifact.ArtifactError) as exc:
            raise BentoMLException(str(exc)) from exc
        os.environ[settings.variable("model")] = exact_tag

    def __init__(self) -> None:
        # What Pillow thinks of the pictures that clients send is not for our log.
        warnings.filterwarnings("ignore", module=r"PIL\.")
        chosen = settings.from_environment(os.environ)
        folder, tag = store.path_of(chosen.model)
        self.http = app.build(
            score=Remote(Gathering(self._score, most=CHUNK)),
            card=artifact.read_card(folder),
            tag=tag,
            settings=chosen,
            threads=usable_cores(),
        )

    async def _score(self, pixels: np.ndarray) -> np.ndarray:
        rows: np.ndarray = await self.network.to_async.score(pixels)
        return rows


for middleware in (SecurityHeaders, SystemRoutes):  # outermost first, around BentoML's routes too
    CatDog.add_asgi_middleware(middleware)  # type: ignore[attr-defined]
