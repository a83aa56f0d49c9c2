"""Who takes part, and how each is started."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from service import artifact, store

OURS = "ours"
ENGINE = "engine"
# LitServe with our engine, and whose decoder: a word of litserve_openvino.
DECODERS = {"litserve_same_engine": "pillow", "litserve_same_decoder": "ours"}
OUR_ANSWERS = (OURS, "litserve_same_decoder")  # whose answers must be those of our model
WITH_WORKERS = ("litserve_torch", *DECODERS)  # which number is best, is tried
THEIRS = (*WITH_WORKERS, "fastapi_torch")
CONTESTANTS = (OURS, ENGINE, *THEIRS)
WHAT = {
    OURS: "this service",
    ENGINE: "its engine alone, without HTTP",
    "litserve_torch": "LitServe, torch fp32",
    "litserve_same_engine": "LitServe, the same engine",
    "litserve_same_decoder": "LitServe, the same engine and decoder",
    "fastapi_torch": "FastAPI, torch fp32",
}


@dataclass(frozen=True)
class Model:
    """The promoted model that is served: its exact tag, its folder, its precision."""

    tag: str
    folder: Path
    precision: str


def promoted(tag: str) -> Model:
    """The one of this tag, `store.LATEST` included.

    Raises:
        StoreError: it is not in the store.
        ArtifactError: it is damaged.
    """
    folder, exact = store.path_of(tag)
    return Model(exact, folder, artifact.verify(folder).precision)


def server_command(name: str, port: int, model: Model, python: Path, workers: int) -> list[str]:
    """How `OURS`, or a server of `THEIRS`, is started.

    Args:
        python: of the environment of `THEIRS`.
        workers: of `WITH_WORKERS`.
    """
    if name == OURS:
        serve = [sys.executable, "-m", "bentoml", "serve", "service.service:CatDog"]
        return [*serve, "--host", "127.0.0.1", "--port", str(port)]
    module = "litserve_openvino" if name in DECODERS else name
    command = [str(python), "-m", f"benchmarks.serving.{module}", str(port)]
    if name in WITH_WORKERS:
        command.append(str(workers))
    return [*command, str(model.folder), DECODERS[name]] if name in DECODERS else command


def engine_command(model: Model, photographs: Path, seconds: float, *sizes: int) -> list[str]:
    """How the engine is run alone, with these batch sizes or its own choice of them."""
    module = "benchmarks.serving.engine_alone"
    numbers = map(str, (seconds, *sizes))
    return [sys.executable, "-m", module, str(model.folder), str(photographs), *numbers]


def environment(model: Model) -> dict[str, str]:
    """Ours, less what an operator may have set for a server of their own."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("CATDOG_")}
    return kept | {"CATDOG_MODEL": model.tag, "BENTOML_DO_NOT_TRACK": "True"}
