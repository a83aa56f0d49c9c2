"""The OpenAPI 3.1 document: every route, field, limit and error, from what the code uses."""

from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from service import images, problems
from service.answer import Answer
from service.artifact import Card
from service.batch import Batch
from service.explanation import FILTERS, Explanation
from service.keys import is_open
from service.multipart import FIELD
from service.problems import Kind, ProblemBody
from service.record import REQUEST_ID
from service.settings import Settings, variable

JSON = dict[str, Any]
KEY = "key"  # name of the security scheme

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

_REQUEST_ID = {
    "description": (
        "Names the request in the answer, in the log and in traces. The client's own, if it is "
        "1 to 128 of A-Z a-z 0-9 . _ -; else a new one."
    ),
    "schema": {"type": "string"},
}


class ModelCard(Card):
    """The card of the model that answers, and its tag."""

    tag: str


_MODELS = (Answer, Batch, Explanation, ModelCard, ProblemBody)


def document(settings: Settings, version: str) -> JSON:
    """Describe the API as it is configured.

    Args:
        settings: their limits are named in the document.
        version: of the API's content: the model's tag.
    """
    paths, schemas = _paths(settings), _schemas(*_MODELS)
    components: JSON = {
        "schemas": schemas,
        "parameters": {"RequestId": _REQUEST_ID | {"name": REQUEST_ID, "in": "header"}},
        "headers": {"RequestId": _REQUEST_ID},
    }
    if settings.api_keys_file:
        components["securitySchemes"] = {KEY: {"type": "http", "scheme": "bearer"}}
        _require_key(paths)
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
        "paths": _with_request_id(paths),
        "components": components,
    }


def _with_request_id(paths: JSON) -> JSON:
    """Every request may bear one, every answer does."""
    for operation in (operation for methods in paths.values() for operation in methods.values()):
        operation["parameters"] = [{"$ref": "#/components/parameters/RequestId"}]
        for response in operation["responses"].values():
            headers = response.setdefault("headers", {})
            headers[REQUEST_ID] = {"$ref": "#/components/headers/RequestId"}
    return paths


def _limits(settings: Settings) -> list[JSON]:
    return [
        {
            "name": name,
            "value": getattr(settings, name),
            "variable": variable(name),
            "description": field.description,
        }
        for name, field in Settings.model_fields.items()
        if field.annotation in (int, float)
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
        "/explain": {
            "post": {
                "summary": "What did the network see?",
                "description": (
                    "Takes what /predict takes and gives its answer with what spoke for it: which "
                    "places, which feature maps, and what is answered without the places that "
                    "mattered most. It counts as as many pictures as the network is given."
                ),
                "requestBody": {"required": True, "content": {**raw, **_form(picture)}},
                "responses": _responses("Explanation", *_PREDICT, problems.NOT_EXPLAINABLE),
            }
        },
        "/model": _get("The card of the model that answers", schema="ModelCard"),
        FILTERS: _get(
            "The first layer's filters, a picture", problems.NOT_FOUND, media_type="image/png"
        ),
        "/docs": _get("This document; for browsers, as a page", media_type="*/*"),
        "/openapi.json": _get("This document"),
        "/": _get("A page to try it on", media_type="text/html"),
        "/lessons": _get("Convolution from its definition to ResNet", media_type="text/html"),
        "/livez": _get("Alive: the process answers", media_type="text/plain"),
        "/healthz": _get("The same as /livez", media_type="text/plain"),
        "/readyz": _get(
            "Ready: the network answers too", problems.OVERLOADED, media_type="text/plain"
        ),
        "/metrics": _get("Prometheus metrics", media_type="text/plain"),
    }


def _require_key(paths: JSON) -> None:
    """Write into each route that is not open what a missing key leads to."""
    for path, operation in ((p, o) for p, methods in paths.items() for o in methods.values()):
        if not is_open(path):
            operation["security"] = [{KEY: []}]
            entry = _error(problems.UNAUTHORIZED.status)
            entry["description"] = _named(problems.UNAUTHORIZED)
            operation["responses"][str(problems.UNAUTHORIZED.status)] = entry


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
    *errors: Kind,
    schema: str | None = None,
    media_type: str = "application/json",
) -> JSON:
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
        entry["description"] += f"{'; ' if entry['description'] else ''}{_named(kind)}"
    return responses


def _named(kind: Kind) -> str:
    return f"[{kind.title}]({kind.type})"


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
