"""The OpenAPI document as one plain page: nothing to load, nothing to run."""

import re
from collections.abc import Sequence
from html import escape
from typing import Any

JSON = dict[str, Any]

# What our own descriptions have of CommonMark, in which OpenAPI has them all.
_CODE = re.compile(r"`([^`]+)`")
_LINK = re.compile(r"\[([^\]]+)\]\((/docs#[\w-]+)\)")


def render(document: JSON) -> str:
    """The routes, limits, errors and fields of an OpenAPI document, as HTML."""
    info = document["info"]
    return f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{escape(info["title"])}: the API</title>
<link rel="stylesheet" href="/page/page.css">
<main>
<h1>{escape(info["title"])}: the API</h1>
<p>{_prose(info["description"])}</p>
<p><a href="/openapi.json">The same as OpenAPI 3.1</a> &middot; <a href="/">Try it</a></p>
<pre tabindex="0">curl -F image=@cat.jpg http://HOST:PORT/predict
curl --data-binary @cat.jpg http://HOST:PORT/predict
curl -F image=@a.jpg -F image=@b.jpg http://HOST:PORT/predict/batch
curl -F image=@cat.jpg http://HOST:PORT/explain</pre>
<h2>Routes</h2>
{"".join(_route(path, methods) for path, methods in document["paths"].items())}
<h2>Limits</h2>
{_table(("Limit", "Value", "Set by"), _limit_rows(info["x-limits"]))}
<h2>Errors</h2>
{_table(("Status", "type", "title"), _problem_rows(info["x-problems"]))}
<h2>Fields</h2>
{"".join(_fields(name, schema) for name, schema in document["components"]["schemas"].items())}
</main>
</html>
"""


def _route(path: str, methods: JSON) -> str:
    parts = []
    for method, operation in methods.items():
        rows = [
            (f"<td>{status}</td>", f"<td>{_prose(answer['description'])}</td>")
            for status, answer in operation["responses"].items()
        ]
        parts.append(
            f"<h3><code>{method.upper()} {escape(path)}</code> {escape(operation['summary'])}</h3>"
            f"<p>{_prose(operation.get('description', ''))}</p>"
            + _table(("Status", "Meaning"), rows)
        )
    return "".join(parts)


def _limit_rows(limits: list[JSON]) -> list[tuple[str, ...]]:
    return [
        (
            f"<td>{_prose(limit['description'])}</td>",
            f"<td>{limit['value']:,}</td>",
            f"<td><code>{escape(limit['variable'])}</code></td>",
        )
        for limit in limits
    ]


def _problem_rows(kinds: list[JSON]) -> list[tuple[str, ...]]:
    return [
        (
            f"<td>{kind['status']}</td>",
            f'<td id="{escape(kind["type"].partition("#")[2])}">'
            f"<code>{escape(kind['type'])}</code></td>",
            f"<td>{escape(kind['title'])}</td>",
        )
        for kind in kinds
    ]


def _fields(name: str, schema: JSON) -> str:
    rows = [
        (
            f"<td><code>{escape(field)}</code></td>",
            f"<td>{escape(_type(about))}</td>",
            f"<td>{_prose(about.get('description', ''))}</td>",
        )
        for field, about in schema.get("properties", {}).items()
    ]
    about = _prose(schema.get("description", "").partition("\n\n")[0])
    return f"<h3>{escape(name)}</h3><p>{about}</p>" + _table(("Field", "Type", "Meaning"), rows)


def _type(schema: JSON) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "anyOf" in schema:
        return " or ".join(map(_type, schema["anyOf"]))
    if "enum" in schema:
        return " or ".join(map(str, schema["enum"]))
    if schema.get("type") == "array" and "items" in schema:
        return f"list of {_type(schema['items'])}"
    return str(schema.get("type", "any"))


def _prose(text: str) -> str:
    """A description as HTML."""
    linked = _LINK.sub(r'<a href="\2">\1</a>', escape(text))
    return _CODE.sub(r"<code>\1</code>", linked)


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    header = "".join(f"<th>{title}</th>" for title in head)
    body = "".join(f"<tr>{''.join(cells)}</tr>" for cells in rows)
    # On a narrow screen it scrolls, by the keyboard too.
    return f'<table tabindex="0"><thead><tr>{header}</tr></thead><tbody>{body}</tbody></table>'
