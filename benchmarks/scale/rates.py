"""The rates and prices that all arithmetic starts from, each with where it comes from."""

import json
import tomllib
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.errors import BenchmarkError

RESULTS = Path(__file__).parent.parent / "results"
ASSUMPTIONS = Path(__file__).parent / "assumptions.toml"


@dataclass(frozen=True)
class Rate:
    """A number of `unit`, and its source in words."""

    value: float
    unit: str
    source: str


Rates = dict[str, Rate]


def measured(results: Path = RESULTS) -> Rates:
    """What the kept benchmarks say, per core and second.

    Raises:
        BenchmarkError: one that is needed is not there.
    """
    serving = _kept(results / "serving.json", "`make bench`")
    cores, processor = _machine(serving)
    ours = serving["contestants"]["ours"]["median"].values()
    rates = {
        "serve": Rate(
            max(figures["requests_per_s"] for figures in ours) / cores,
            "requests a second and core, over HTTP",
            f"`make bench`, best of {len(ours)} concurrencies, {processor}",
        ),
        "network": Rate(
            serving["contestants"]["engine"]["median"]["requests_per_s"] / cores,
            "pictures a second and core, the network alone",
            f"`make bench`, the same, {serving['precision']}",
        ),
        "bytes": Rate(
            serving["photographs"]["mean_bytes"],
            "bytes a picture",
            f"`make bench`: {serving['photographs']['count']} photographs",
        ),
    }
    rates["score"] = _scored(results / "scoring.json", rates["serve"])
    rates |= _trained(results / "training_speed.json")
    rates |= _trained_on_gpu(results / "training_speed_gpu.json")
    return rates


def assumed(path: Path = ASSUMPTIONS) -> Rates:
    """What nobody here has measured."""
    return {name: Rate(**fields) for name, fields in tomllib.loads(path.read_text()).items()}


def _trained(path: Path) -> Rates:
    training = _kept(path, "`make bench-train`")
    cores, processor = _machine(training)
    workers = training["workers"]  # a process each, beside one that trains
    return {
        name: Rate(
            training["pictures_per_s"][key] / n,
            f"pictures a second and core, {what}",
            f"{_run(training)}, {processor}, {training['precision']}",
        )
        for name, key, n, what in (
            ("load", "loader alone", workers, "decoded and augmented"),
            ("stage_one", "stage one", cores, "through stage one"),
            ("stage_two", "stage two", cores, "through stage two"),
        )
    }


def _trained_on_gpu(path: Path) -> Rates:
    """What a GPU takes from batches that are in memory; its loader is another machine's."""
    training = _kept(path, "`make bench-train` on a GPU")
    gpu, versions = training["machine"]["gpu"], training["machine"]["versions"]
    source = f"{_run(training)}, {gpu}, torch {versions['torch']}, {training['precision']}"
    pictures_per_s = training["pictures_per_s"]
    return {
        "gpu_stage_two": Rate(
            pictures_per_s["stage two, in memory"],
            "pictures a second and GPU, fine-tuning layer4",
            f"{source}, batches of {training['batch_size']}",
        ),
        "gpu_score": Rate(
            pictures_per_s["stage one, in memory"],
            "pictures a second and GPU, the network alone",
            f"{source}, batches of 64, by torch",
        ),
    }


def _run(training: dict[str, Any]) -> str:
    """The command that measures so again, and of what; of the folder only the name is kept."""
    source, count, distinct = (training[key] for key in ("source", "pictures", "distinct"))
    command = f"python -m benchmarks.training_speed --source {source} --pictures {count}"
    repeated = f", {distinct:,} of them distinct" if distinct < count else ""
    return f"`{command}`: {count:,} pictures of `{source}`{repeated}"


def _scored(path: Path, served: Rate) -> Rate:
    unit = "pictures a second and core, scored"
    scoring = _kept(path, "`make bench-score`").get("engine") if path.is_file() else None
    if scoring is None:
        return Rate(served.value, unit, "no run of `make bench-score` is kept: as over HTTP")
    cores, processor = _machine(scoring)
    speed = median(rounds["running"] for rounds in scoring["rounds"]["job"])
    return Rate(speed / cores, unit, f"`make bench-score`, {processor}")


def _machine(figures: dict[str, Any]) -> tuple[int, str]:
    machine = figures["machine"]
    cores = f"{machine['cores']} core{'s' if machine['cores'] > 1 else ''}"
    instructions = ", ".join(machine["instructions"]).replace("_", " ")
    return machine["cores"], f"{cores} of {machine['cpu']} ({instructions})"


def _kept(path: Path, command: str) -> dict[str, Any]:
    try:
        figures: dict[str, Any] = json.loads(path.read_text())
    except FileNotFoundError as exc:
        raise BenchmarkError(f"{path} is not there. {command} measures and keeps it.") from exc
    return figures
