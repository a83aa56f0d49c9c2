"""`make models`: the promoted models with their figures, newest first."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import bentoml
from pydantic import BaseModel

from service import artifact, store
from service.artifact import ArtifactError, Interval

_HEAD = (
    *("", "model", "promoted (UTC)", "made from", "right (95 % interval, n)", "ECE"),
    *("neither rejected", "graph", ""),
)


class Promoted(NamedTuple):
    """A model of the store.

    promoted: when it joined; None where the store's own description of it is damaged.
    replaced: tag of the model that was in service then, if that is known.
    """

    tag: str
    promoted: datetime | None
    replaced: str | None
    is_in_service: bool


class Listed(BaseModel):
    """A promoted model with its figures on the test part of its own training run.

    note: what became of it, or what is wrong with it.
    promoted, created: ISO 8601, UTC.
    bytes: of the graph that serves.
    """

    tag: str
    is_in_service: bool
    note: str
    promoted: str | None = None
    replaced: str | None = None
    created: str | None = None
    dataset: str | None = None
    accuracy: Interval | None = None
    calibration_error: float | None = None
    neither_rejected: Interval | None = None
    precision: str | None = None
    bytes: int | None = None


def promoted() -> list[Promoted]:
    """All models of the store, newest first; last those that don't tell their time."""
    serving = store.in_service()
    tags = sorted(f"{store.NAME}:{p.name}" for p in store.folder().glob("*") if p.is_dir())
    found = [_read(tag, tag == serving) for tag in tags]
    return sorted(found, key=lambda m: m.promoted.timestamp() if m.promoted else 0.0, reverse=True)


def listed() -> list[Listed]:
    """The same, with their figures. Cards are read; graphs are verified by who runs them."""
    found = promoted()
    serving = next((model for model in found if model.is_in_service), None)
    return [_describe(model, _note(model, serving)) for model in found]


def graph_bytes(folder: Path) -> int:
    """Size of the graph that serves: what is downloaded, loaded and held in memory."""
    return sum(
        (folder / name).stat().st_size for name in (artifact.OPENVINO, artifact.OPENVINO_WEIGHTS)
    )


def table(models: Sequence[Listed]) -> str:
    """For people."""
    rows = [_HEAD, *(_cells(model) for model in models)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    lines += [
        "",
        "* is in service. Each model's figures are of its own run's test part: of different",
        "pictures, so that they don't tell which of two is better. `make train` compares in pairs.",
    ]
    return "\n".join(lines)


def _read(tag: str, is_in_service: bool) -> Promoted:
    try:
        info = bentoml.models.get(tag).info
        return Promoted(tag, info.creation_time, info.metadata.get(store.REPLACED), is_in_service)
    except Exception:  # a damaged description raises whatever its parsers do
        return Promoted(tag, None, None, is_in_service)


def _note(model: Promoted, serving: Promoted | None) -> str:
    """What rollbacks made of it: it need not be written down, the order tells."""
    if model.is_in_service:
        return "in service"
    if not (serving and serving.promoted and model.promoted):
        return ""
    return "newer, not in service" if model.promoted > serving.promoted else ""


def _describe(model: Promoted, note: str) -> Listed:
    known = Listed(
        tag=model.tag,
        is_in_service=model.is_in_service,
        note=note,
        promoted=model.promoted.isoformat(timespec="seconds") if model.promoted else None,
        replaced=model.replaced,
    )
    try:
        if model.promoted is None:
            raise ArtifactError("the store's description of it, model.yaml, cannot be read")
        folder, _ = store.path_of(model.tag)
        card = artifact.read_card(folder)
        size = graph_bytes(folder)
    except (ArtifactError, OSError) as exc:
        return known.model_copy(update={"note": f"damaged: {exc}"})
    figures = card.metrics
    return known.model_copy(
        update={
            "created": card.created,
            "dataset": card.dataset.name,
            "accuracy": figures.accuracy if figures else None,
            "calibration_error": figures.calibration_error if figures else None,
            "neither_rejected": figures.neither_rejected if figures else None,
            "precision": card.precision,
            "bytes": size,
        }
    )


def _cells(m: Listed) -> tuple[str, ...]:
    return (
        "*" if m.is_in_service else "",
        m.tag,
        m.promoted[:16].replace("T", " ") if m.promoted else "unknown",
        m.dataset or "",
        _interval(m.accuracy),
        "" if m.calibration_error is None else f"{m.calibration_error:.2%}",
        _interval(m.neither_rejected),
        "" if m.bytes is None else f"{m.precision} {m.bytes / 1e6:.1f} MB",
        m.note,
    )


def _interval(i: Interval | None) -> str:
    return "" if i is None else f"{i.value:.2%} ({i.low:.1%} to {i.high:.1%}, {i.n})"
