"""The REST API described as OpenAPI 3.1, from the declarations in `igym.wire.api`."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from igym.wire import api

#: Refusals that every route may answer with.
ALWAYS = (400, 401, 403, 429, 503)

_WHY = {
    400: "The request does not have the declared shape.",
    401: "The token is missing, unknown, revoked or expired.",
    403: "The token does not open this.",
    404: "There is no such thing.",
    409: "It stands where this cannot be done, or has other content.",
    413: "Too large.",
    422: "The package cannot be used; the text says why.",
    429: "Too often, or too much at once.",
    503: "Something igym stands on is away. Try again.",
}


_ZIP = {"application/zip": {"schema": {"type": "string", "format": "binary"}}}


def describe(version: str) -> dict[str, Any]:
    """The document, as plain values."""
    kinds: set[type[msgspec.Struct]] = {api.Error}
    for route in api.ROUTES:
        if isinstance(route.gives, type):
            kinds.add(route.gives)
        if isinstance(route.takes, type):
            kinds.add(route.takes)
    names = sorted(kinds, key=lambda kind: kind.__name__)
    schemas, components = msgspec.json.schema_components(
        names, ref_template="#/components/schemas/{name}"
    )
    refs = dict(zip(names, schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for route in api.ROUTES:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, refs)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "igym",
            "version": version,
            "description": "Submit experiment packages, choose the version newcomers get, and see "
            "how a study goes.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "Made by an admin with `igym token create`. No cookies.",
                }
            },
        },
    }


def _operation(route: api.Route, refs: dict[type[msgspec.Struct], Any]) -> dict[str, Any]:
    error = {"application/json": {"schema": refs[api.Error]}}
    gives: dict[str, Any] = _ZIP
    if isinstance(route.gives, type):
        gives = {"application/json": {"schema": refs[route.gives]}}
    answers = {route.status: route.about}
    if route.takes == "zip":
        answers = {201: "Taken in.", 200: "These very files were here already."}
    made: dict[str, Any] = {
        "operationId": route.name,
        "summary": route.about,
        "parameters": [
            *(
                {
                    "name": name,
                    "in": "path",
                    "required": True,
                    "schema": {"type": "string", "pattern": api.PATTERNS[name]},
                }
                for name in re.findall(r"{(\w+)}", route.path)
            ),
            *(
                {
                    "name": one.name,
                    "in": "query",
                    "required": False,
                    "description": one.about,
                    "schema": {"type": "string", "pattern": one.pattern},
                }
                for one in route.query
            ),
        ],
        "responses": {
            **{
                str(status): {"description": about, "content": gives}
                for status, about in answers.items()
            },
            **{
                str(status): {"description": _WHY[status], "content": error}
                for status in sorted({*ALWAYS, *route.refusals})
            },
        },
    }
    if route.right:
        made["description"] = f"Needs the right to {route.right.value}."
    if route.takes == "zip":
        made["requestBody"] = {
            "required": True,
            "content": _ZIP,
        }
    elif isinstance(route.takes, type):
        content = {"application/json": {"schema": refs[route.takes]}}
        made["requestBody"] = {"required": True, "content": content}
    return made
