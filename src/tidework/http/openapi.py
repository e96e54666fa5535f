"""The OpenAPI 3.1 document: what routes say about themselves, and what holds for all of them.

Routes name what is their own (`responses=problem_responses(404, 409)`). What every route has in
common, the headers, the errors that can meet any request, the tags, is put in here once, for the
whole document, so that no route can forget it.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

import msgspec
from litestar import Litestar, Router
from litestar.openapi import OpenAPIConfig
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Components, License, SecurityScheme, Server

from tidework.http.conditional import body_tag, matches
from tidework.http.openapi_parts import (
    DESCRIPTION,
    HEADERS,
    PARAMETERS,
    PATH_PARAMETERS,
    PLAIN_PATHS,
    PROBLEMS,
    TAGS,
    tag_of,
)
from tidework.http.parameters import QUERY
from tidework.http.problem import MEDIA_TYPE, Problem

PATH: Final = "/api/v1/openapi.json"
BEARER: Final = "bearer"
PUBLIC: Final[list[dict[str, list[str]]]] = [{}]
"""What a route gives as `security` that needs no credentials."""

FILE: Final = "file"
"""The key in a route's `opt` whose body is a file: an example for each media type that it may have."""

_SCHEMA_REF: Final = "#/components/schemas/{name}"
_METHODS: Final = ("get", "put", "post", "delete", "patch")
_Node = dict[str, Any]


def problem_responses(*statuses: int) -> dict[int, ResponseSpec]:
    """For a route's `responses`: the errors that are its own, besides those of every route.

    Every route has 414, 429 and 503; one that needs credentials 401 and 403; one with parameters
    422, with a query or headers 400; one with a body 400, 408, 413, 415 and 422. Raise KeyError for
    a status that no error of ours has.
    """
    return {
        status: ResponseSpec(
            data_container=Problem,
            description=PROBLEMS[status].description,
            media_type=MEDIA_TYPE,
            generate_examples=False,
        )
        for status in statuses
    }


class _NoRoutes(Router):
    """Takes the place of the routes with which Litestar serves its own pages, from a CDN."""

    def register(self, value: Any) -> list[Any]:
        return []


def openapi_config(version: str) -> OpenAPIConfig:
    """The configuration for `Litestar(openapi_config=...)`; it adds no route to the app."""
    return OpenAPIConfig(
        title="Tidework",
        version=version,
        summary="Tasks for teams, on a change log.",
        description=DESCRIPTION,
        license=License(name="Apache-2.0", identifier="Apache-2.0"),
        servers=[Server(url="/")],
        security=[{BEARER: []}],
        components=Components(
            security_schemes={
                BEARER: SecurityScheme(
                    type="http",
                    scheme="bearer",
                    description="An access token from /auth/login, or a personal API token.",
                )
            }
        ),
        use_handler_docstrings=True,
        openapi_router=_NoRoutes("/-/", route_handlers=[]),
    )


Examples = Sequence[tuple[type[msgspec.Struct], Any]]
"""Structs of bodies and answers, each with an example as JSON has it."""


def document(app: Litestar, examples: Examples = ()) -> bytes:
    """The document of all routes of `app`, as JSON; build it once, at start or for the command.

    Each of the `examples` is shown where its type is.
    """
    schema = msgspec.json.decode(msgspec.json.encode(app.openapi_schema.to_schema()))
    _add_from_handlers(app, schema)
    schema["paths"] |= PLAIN_PATHS
    schemas = schema.setdefault("components", {}).setdefault("schemas", {})
    schemas.update(_schemas_of(_types_of(app)))
    return msgspec.json.encode(complete(schema, examples))


class DocumentApp:
    """An ASGI app that answers with the document. `build` makes it when it is first asked for, once
    for all who ask meanwhile.
    """

    def __init__(self, build: Callable[[], bytes]) -> None:
        self._build = build
        self._body = b""
        self._headers: list[tuple[bytes, bytes]] = []
        self._making: asyncio.Task[None] | None = None

    async def _make(self) -> None:
        try:
            body = await asyncio.to_thread(self._build)
            self._headers = [
                (b"content-type", b"application/json"),
                (b"cache-control", b"no-cache"),
                (b"etag", body_tag(body).encode()),
            ]
            self._body = body
        finally:
            self._making = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer a GET, with 304 where the caller has the document already."""
        if not self._body:
            if self._making is None:
                self._making = asyncio.create_task(self._make(), name="the document")
            # Who leaves takes it from nobody.
            await asyncio.shield(self._making)
        wanted = dict(scope["headers"]).get(b"if-none-match", b"").decode("latin-1")
        unchanged = bool(wanted) and matches(wanted, self._headers[2][1].decode())
        status, headers = (304, self._headers[1:]) if unchanged else (200, self._headers)
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if unchanged else self._body})


def _add_from_handlers(app: Litestar, schema: _Node) -> None:
    """Describe what the framework does not know of its handlers.

    The query parameters that they read from the raw query string, and bodies that may be left out.
    """
    for route in app.routes:
        for handler in getattr(route, "route_handlers", ()):
            declared = [dict(parameter) for parameter in handler.opt.get(QUERY, ())]
            data = handler.parsed_fn_signature.parameters.get("data")
            for method in handler.http_methods - {"OPTIONS"}:
                operation = schema["paths"][route.path_format][method.lower()]
                if declared:
                    operation.setdefault("parameters", []).extend(declared)
                if FILE in handler.opt:
                    operation["requestBody"] = _file_body(handler.opt[FILE])
                if data is not None and data.has_default:
                    operation["requestBody"]["required"] = False


def _file_body(media_types: Mapping[str, str]) -> _Node:
    schema = {"type": "string", "format": "binary"}
    content = {
        media_type: {"schema": schema, "examples": {"one": {"value": example}}}
        for media_type, example in media_types.items()
    }
    return {"content": content, "required": True}


def _types_of(app: Litestar) -> list[Any]:
    """The types of all bodies and answers."""
    found: list[Any] = []
    for route in app.routes:
        for handler in getattr(route, "route_handlers", ()):
            signature = handler.parsed_fn_signature
            fields = [signature.parameters.get("data"), signature.return_type]
            found += [field.annotation for field in fields if field is not None]
    return found


def _schemas_of(types: Sequence[Any]) -> _Node:
    # Litestar's own leave out what msgspec enforces, such as that unknown fields are refused.
    schemas: _Node = {}
    for kind in types:
        try:
            _, parts = msgspec.json.schema_components([kind], ref_template=_SCHEMA_REF)
        except TypeError:
            continue
        schemas.update(parts)
    return schemas


def complete(schema: _Node, examples: Examples = ()) -> _Node:
    """`schema`, changed in place: with common errors, headers, parameters, tags and examples."""
    components = schema.setdefault("components", {})
    components.setdefault("schemas", {}).update(_schemas_of([Problem]))
    components["headers"] = HEADERS
    components["parameters"] = PARAMETERS
    components["responses"] = {
        kind.name: _problem_response(status) for status, kind in PROBLEMS.items()
    }
    _add_examples(components["schemas"], examples)
    used: set[str] = set()
    for path, method, operation in operations(schema):
        tag = tag_of(path)
        used.add(tag)
        operation["tags"] = [tag]
        if path in PLAIN_PATHS:
            continue
        _describe_parameters(operation)
        _add_conditions(path, method, operation)
        if method == "patch":
            _add_merge_patch(operation)
        _add_problems(operation)
        _add_headers(method, operation)
    schema["tags"] = [tag for tag in TAGS if tag["name"] in used]
    return schema


def operations(schema: _Node) -> Iterator[tuple[str, str, _Node]]:
    """Path, method and operation of each operation of a document."""
    for path, item in schema.get("paths", {}).items():
        for method in _METHODS:
            if method in item:
                yield path, method, item[method]


def _problem_response(status: int) -> _Node:
    kind = PROBLEMS[status]
    example: _Node = {
        "type": f"/problems/{kind.code}",
        "title": kind.title,
        "status": status,
        "detail": kind.example,
        "code": kind.code,
        "request_id": "0d3b8f5c1a7e4f2b9c6d5e4f3a2b1c0d",
    }
    if kind.errors:
        example["errors"] = [dict(error) for error in kind.errors]
    names = ["X-Request-Id", *kind.headers]
    return {
        "description": kind.description,
        "headers": {name: _ref("headers", name) for name in names},
        "content": {
            MEDIA_TYPE: {
                "schema": _ref("schemas", "Problem"),
                "examples": {"one": {"value": example}},
            }
        },
    }


def _ref(kind: str, name: str) -> _Node:
    return {"$ref": f"#/components/{kind}/{name}"}


def _add_examples(schemas: Mapping[str, _Node], examples: Examples) -> None:
    for kind, example in examples:
        if kind.__name__ in schemas:
            schemas[kind.__name__].setdefault("examples", []).append(example)


def _describe_parameters(operation: _Node) -> None:
    for parameter in operation.get("parameters", ()):
        known = PATH_PARAMETERS.get(parameter.get("name", ""))
        if known is not None and parameter.get("in") == "path":
            parameter.setdefault("description", known)


def _add_conditions(path: str, method: str, operation: _Node) -> None:
    parameters = operation.setdefault("parameters", [])
    responses = operation.setdefault("responses", {})
    if path.endswith("/events"):
        return
    if method == "get" and "/workspaces/{w" in path:
        parameters += [_ref("parameters", "IfNoneMatch"), _ref("parameters", "TideworkSeq")]
        responses["304"] = {"description": HTTPStatus(304).description, "headers": {}}
    elif method in ("patch", "delete"):
        parameters.append(_ref("parameters", "IfMatch"))
        responses["412"] = {}
    elif method == "post":
        parameters.append(_ref("parameters", "IdempotencyKey"))
        responses["409"] = {}
        responses["422"] = {}
    if not parameters:
        del operation["parameters"]


def _add_merge_patch(operation: _Node) -> None:
    content = operation.get("requestBody", {}).get("content", {})
    if "application/json" in content:
        content.setdefault("application/merge-patch+json", content["application/json"])


def _add_problems(operation: _Node) -> None:
    responses = operation["responses"]
    # Litestar's own description of a bad request is of a shape that we never send.
    wanted = {int(code) for code in responses if int(code) >= HTTPStatus.BAD_REQUEST} - {400}
    if MEDIA_TYPE in responses.get("400", {}).get("content", {}):
        wanted.add(400)
    responses.pop("400", None)
    wanted |= {414, 429, 503}
    if {} not in operation.get("security", ()):
        # 403 also for an API token whose scopes do not suffice.
        wanted |= {401, 403}
    parameters = operation.get("parameters", ())
    if any("$ref" not in parameter for parameter in parameters):
        wanted.add(422)
    if any(p.get("in") == "query" or "$ref" in p for p in parameters):
        wanted.add(400)
    if "requestBody" in operation:
        wanted |= {400, 408, 413, 415, 422}
    for status in sorted(wanted):
        responses[str(status)] = _ref("responses", PROBLEMS[status].name)


def _add_headers(method: str, operation: _Node) -> None:
    for code, response in operation["responses"].items():
        if "$ref" in response:
            continue
        if code == str(HTTPStatus.NO_CONTENT.value):
            response.pop("content", None)
        names = ["X-Request-Id", "RateLimit", "RateLimit-Policy"]
        if method == "get" and "304" in operation["responses"]:
            names.append("ETag")
        elif method != "get":
            names.append("Tidework-Seq")
            if code == "201":
                names += ["Location", "ETag"]
        headers = response.setdefault("headers", {})
        for name in names:
            headers.setdefault(name, _ref("headers", name))
    # By code, so that the document reads well and does not change from run to run.
    operation["responses"] = dict(sorted(operation["responses"].items()))
