"""Who takes part, and how each is started."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

OURS = "ours"
ENGINE = "engine"
THEIRS = ("litserve_torch", "litserve_same_engine", "fastapi_torch")
CONTESTANTS = (OURS, ENGINE, *THEIRS)
WITH_WORKERS = ("litserve_torch", "litserve_same_engine")  # which number is best, is tried
WHAT = {
    OURS: "this service",
    ENGINE: "its engine alone, without HTTP",
    "litserve_torch": "LitServe, torch fp32",
    "litserve_same_engine": "LitServe, the same engine",
    "fastapi_torch": "FastAPI, torch fp32",
}


@dataclass(frozen=True)
class Model:
    """The promoted model that is served: its exact tag, its folder, its precision."""

    tag: str
    folder: Path
    precision: str


def server_command(name: str, port: int, model: Model, python: Path, workers: int) -> list[str]:
    """How `OURS`, or a server of `THEIRS`, is started.

    Args:
        python: of the environment of `THEIRS`.
        workers: of `WITH_WORKERS`.
    """
    if name == OURS:
        serve = [sys.executable, "-m", "bentoml", "serve", "service.service:CatDog"]
        return [*serve, "--host", "127.0.0.1", "--port", str(port)]
    command = [str(python), "-m", f"benchmarks.serving.{name}", str(port)]
    if name in WITH_WORKERS:
        command.append(str(workers))
    return [*command, str(model.folder)] if name == "litserve_same_engine" else command


def engine_command(model: Model, photographs: Path, seconds: float) -> list[str]:
    """How the engine is run alone."""
    module = "benchmarks.serving.engine_alone"
    return [sys.executable, "-m", module, str(model.folder), str(photographs), str(seconds)]


def environment(model: Model) -> dict[str, str]:
    """Ours, less what an operator may have set for a server of their own."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("CATDOG_")}
    return kept | {"CATDOG_MODEL": model.tag, "BENTOML_DO_NOT_TRACK": "True"}
