"""The OpenAPI 3.1 document: every route, field, limit and error, from what the code uses."""

from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from service import images, problems
from service.answer import Answer
from service.artifact import Card
from service.batch import Batch
from service.multipart import FIELD
from service.problems import Kind, ProblemBody
from service.settings import Settings, variable

JSON = dict[str, Any]

_READING = (problems.MALFORMED, problems.NO_PICTURE, problems.UPLOAD_TIMEOUT)
_SIZES = (problems.TOO_MANY_BYTES, problems.UNSUPPORTED)
_OURS = (problems.TOO_MANY_REQUESTS, problems.INTERNAL, problems.OVERLOADED)
_PREDICT = (
    *_READING,
    problems.EMPTY_PICTURE,
    *_SIZES,
    problems.TOO_MANY_PIXELS,
    problems.DAMAGED,
    *_OURS,
)
_BATCH = (*_READING, *_SIZES, problems.TOO_MANY_PICTURES, *_OURS)


class ModelCard(Card):
    """The card of the model that answers, and its tag."""

    tag: str


def document(settings: Settings, version: str) -> JSON:
    """Describe the API as it is configured.

    Args:
        settings: their limits are named in the document.
        version: of the API's content: the model's tag.
    """
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Cat or dog",
            "version": version,
            "description": (
                "Tells cats from dogs in photographs, and says when a picture shows neither. "
                "Pictures are sent as bytes; the service never fetches a URL. "
                f"Kinds: {', '.join(k.media_type for k in images.KINDS)}. "
                f"Every error is {problems.MEDIA_TYPE} (RFC 9457)."
            ),
            "x-limits": _limits(settings),
            "x-problems": [_problem(kind) for kind in problems.KINDS],
        },
        "paths": _paths(settings),
        "components": {"schemas": _schemas(Answer, Batch, ModelCard, ProblemBody)},
    }


def _limits(settings: Settings) -> list[JSON]:
    return [
        {
            "name": name,
            "value": getattr(settings, name),
            "variable": variable(name),
            "description": field.description,
        }
        for name, field in Settings.model_fields.items()
        if name != "model"
    ]


def _paths(settings: Settings) -> JSON:
    # OpenAPI 3.1: bytes as they are have no schema, and no type where they do.
    raw: JSON = {k.media_type: {} for k in images.KINDS}
    picture: JSON = {"contentMediaType": "application/octet-stream"}
    many = {
        "type": "array",
        "items": picture,
        "minItems": 1,
        "maxItems": settings.max_batch_pictures,
    }
    return {
        "/predict": {
            "post": {
                "summary": "Is it a cat or a dog?",
                "description": (
                    f"One picture, as the body or as the form's part `{FIELD}`, "
                    f"of at most {settings.max_upload_bytes} bytes "
                    f"and {settings.max_pixels} pixels."
                ),
                "requestBody": {"required": True, "content": {**raw, **_form(picture)}},
                "responses": _responses("Answer", *_PREDICT),
            }
        },
        "/predict/batch": {
            "post": {
                "summary": "Many pictures in one request",
                "description": (
                    f"Up to {settings.max_batch_pictures} parts `{FIELD}` in at most "
                    f"{settings.max_batch_bytes} bytes. Each gets its own answer or its own "
                    "error, in order; a bad picture costs its neighbours nothing."
                ),
                "requestBody": {"required": True, "content": _form(many)},
                "responses": _responses("Batch", *_BATCH),
            }
        },
        "/model": _get("The card of the model that answers", "ModelCard"),
        "/docs": _get("This document; for browsers, as a page", media_type="*/*"),
        "/openapi.json": _get("This document"),
        "/": _get("A page to try it on", media_type="text/html"),
        "/livez": _get("Alive: the process answers", media_type="text/plain"),
        "/readyz": _get(
            "Ready: the network answers too", problems.OVERLOADED, media_type="text/plain"
        ),
        "/metrics": _get("Prometheus metrics", media_type="text/plain"),
    }


def _form(image: JSON) -> JSON:
    kinds = ", ".join(kind.media_type for kind in images.KINDS)
    return {
        "multipart/form-data": {
            "schema": {"type": "object", "required": [FIELD], "properties": {FIELD: image}},
            "encoding": {FIELD: {"contentType": kinds}},
        }
    }


def _get(
    summary: str,
    *kinds: Kind | str,
    media_type: str = "application/json",
) -> JSON:
    schema = next((kind for kind in kinds if isinstance(kind, str)), None)
    errors = [kind for kind in kinds if isinstance(kind, Kind)]
    return {
        "get": {
            "summary": summary,
            "responses": _responses(schema, *errors, problems.INTERNAL, media_type=media_type),
        }
    }


def _responses(schema: str | None, *kinds: Kind, media_type: str = "application/json") -> JSON:
    """The good answer, and one entry a status that names every problem behind it."""
    content = {"schema": {"$ref": f"#/components/schemas/{schema}"} if schema else {}}
    responses: JSON = {"200": {"description": "The answer", "content": {media_type: content}}}
    everywhere = (problems.METHOD_NOT_ALLOWED,)
    for kind in sorted((*kinds, *everywhere), key=lambda k: k.status):
        entry = responses.setdefault(str(kind.status), _error(kind.status))
        entry["description"] += f"{'; ' if entry['description'] else ''}{kind.title} ({kind.type})"
    return responses


def _error(status: int) -> JSON:
    schema = {"$ref": "#/components/schemas/ProblemBody"}
    entry: JSON = {"description": "", "content": {problems.MEDIA_TYPE: {"schema": schema}}}
    if status in (429, 503):
        seconds = {"schema": {"type": "integer"}, "description": "Seconds to wait"}
        entry["headers"] = {"Retry-After": seconds}
    return entry


def _problem(kind: Kind) -> JSON:
    return {"type": kind.type, "status": kind.status, "title": kind.title}


def _schemas(*models: type[BaseModel]) -> JSON:
    _, definitions = models_json_schema(
        [(model, "serialization") for model in models],
        ref_template="#/components/schemas/{model}",
    )
    schemas: JSON = definitions["$defs"]
    return schemas
