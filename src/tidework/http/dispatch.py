"""Calling a route's handler directly.

The framework resolves a handler's parameters generally, which costs more than most handlers do. Here
the handlers whose parameters are all of a few known kinds are looked up and called with what they
name: path parameters, guards, services, the decoded body, the request. Every other route, unknown
paths and methods, and OPTIONS stay the framework's; what is described in the OpenAPI document is the
same for both.
"""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

import msgspec
from litestar import Litestar, MediaType, Request, Response
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute

from tidework.errors import Malformed, MethodNotAllowed
from tidework.http.answer import Answer, Header, Scope, Stream
from tidework.http.body import decode_json
from tidework.http.context import GUARDS, Guard, RequestContext
from tidework.http.headers import JSON
from tidework.http.parameters import QUERY
from tidework.http.problem import method_not_allowed, nothing_here
from tidework.http.query import Query

_HTML: Header = (b"content-type", b"text/html; charset=utf-8")
_encode = msgspec.json.Encoder().encode


class Streaming(Response[str]):
    """What a handler returns whose answer is sent piece by piece, by `stream`."""

    def __init__(self, headers: list[Header], stream: Stream) -> None:
        super().__init__("")
        self.own = headers
        self.stream = stream


class Call:
    """One handler, and where its parameters come from. `route` is its path's template."""

    __slots__ = (
        "_constants",
        "_decoder",
        "_fn",
        "_guards",
        "_needs_body",
        "_needs_request",
        "_path",
        "_status",
        "_takes_query",
        "route",
    )

    def __init__(
        self,
        handler: HTTPRouteHandler,
        route: HTTPRoute,
        guards: Mapping[str, Guard],
        constants: Mapping[str, Any],
    ) -> None:
        parameters = handler.parsed_fn_signature.parameters
        self.route = route.path_format
        self._fn: Callable[..., Any] = handler.fn
        self._status = handler.status_code
        self._guards = tuple(guards.items())
        self._constants = dict(constants)
        self._path = tuple((name, name in parameters) for name in _names(route))
        self._needs_request = "request" in parameters
        self._takes_query = bool(handler.opt.get(QUERY))
        data = parameters.get("data")
        self._needs_body = data is not None and not data.has_default
        self._decoder = None if data is None else msgspec.json.Decoder(data.annotation)

    def prepare(self, context: RequestContext, values: list[str]) -> dict[str, Any]:
        """Ask the guards, and put together what the handler is called with, but for the body.

        `values` are those of the path's parameters. Raises what the guards raise.
        """
        arguments = self._constants.copy()
        for name, guard in self._guards:
            arguments[name] = guard(context)
        for (name, wanted), value in zip(self._path, values, strict=True):
            if wanted:
                arguments[name] = value
        return arguments

    async def run(self, context: RequestContext, scope: Scope, arguments: dict[str, Any]) -> Answer:
        """Call the handler.

        Raises what it raises, and `Malformed` or `Invalid` for the body, and for a query where it
        takes none.
        """
        if scope["query_string"] and not self._takes_query:
            Query(scope["query_string"], ())
        if self._decoder is not None:
            if context.body:
                arguments["data"] = decode_json(self._decoder, context.body)
            elif self._needs_body:
                raise Malformed("The body is empty. Send a JSON object.", code="empty_body")
        if self._needs_request:
            arguments["request"] = Request(scope)  # type: ignore[arg-type]
        result = await self._fn(**arguments)
        if result is None:
            return Answer(self._status, [], b"")
        if isinstance(result, Response):
            return self._of_response(result)
        body = _encode(result)
        return Answer(self._status, [JSON], body)

    def _of_response(self, response: Response[Any]) -> Answer:
        if isinstance(response, Streaming):
            answer = Answer(self._status, list(response.own), b"")
            answer.stream = response.stream
            return answer
        status = response.status_code or self._status
        headers = [
            (name.lower().encode("latin-1"), value.encode("latin-1"))
            for name, value in response.headers.items()
        ]
        headers += [cookie.to_encoded_header() for cookie in response.cookies]
        if status == HTTPStatus.NO_CONTENT:
            return Answer(status, headers, b"")
        if response.media_type == MediaType.HTML:
            return Answer(status, [_HTML, *headers], response.content.encode())
        return Answer(status, [JSON, *headers], _encode(response.content))


class _Node:
    """A place in the tree of paths: by the next segment's text, else as a parameter.

    `calls` has every method of the place; None is for those that take the framework.
    """

    __slots__ = ("calls", "other", "texts")

    def __init__(self) -> None:
        self.texts: dict[str, _Node] = {}
        self.other: _Node | None = None
        self.calls: dict[str, Call | None] = {}


class Dispatch:
    """The handlers of an application that can be called directly.

    Services are asked from their providers once, here: a provider without parameters must give the
    same object each time.
    """

    def __init__(self, app: Litestar) -> None:
        self._root = _Node()
        for route in app.routes:
            if isinstance(route, HTTPRoute):
                for handler in route.route_handlers:
                    self._add(route, handler)

    def find(self, method: str, path: str) -> tuple[Call | None, list[str]]:
        """The handler of a request, with the path's parameters. 1 µs.

        None for what the framework has to answer. Text goes before parameters, and empty steps of
        the path do not count, as with the framework. Raises `NotFound` and `MethodNotAllowed`.
        """
        node = self._root
        values: list[str] = []
        for part in path.split("/"):
            if not part:
                continue
            found = node.texts.get(part)
            if found is None:
                found = node.other
                if found is None:
                    raise nothing_here()
                values.append(part)
            node = found
        try:
            return node.calls[method], values
        except KeyError:
            if not node.calls:
                raise nothing_here() from None
        raise method_not_allowed(_allowed(node))

    def route(self, path: str) -> str | None:
        """The template of the path that a GET is for, if its handler can be called directly. Raises
        `NotFound` and `MethodNotAllowed`.
        """
        call, _ = self.find("GET", path)
        return None if call is None else call.route

    def allowed(self, path: str) -> str:
        """The methods of a path, for `Allow`. Raises `NotFound`."""
        try:
            self.find("", path)
        except MethodNotAllowed as error:
            return error.headers["Allow"]
        raise nothing_here()

    def _add(self, route: HTTPRoute, handler: HTTPRouteHandler) -> None:
        call = _call_of(route, handler)
        node = self._root
        for part in route.path_components:
            if isinstance(part, str):
                node = node.texts.setdefault(part, _Node())
            else:
                node.other = node.other or _Node()
                node = node.other
        for method in handler.http_methods:
            node.calls[method] = call


def _allowed(node: _Node) -> str:
    methods = {*node.calls, "OPTIONS"} | ({"HEAD"} if "GET" in node.calls else set())
    return ", ".join(sorted(methods))


def _names(route: HTTPRoute) -> list[str]:
    return [part.name for part in route.path_components if not isinstance(part, str)]


def _call_of(route: HTTPRoute, handler: HTTPRouteHandler) -> Call | None:
    """How to call a handler; None when that takes the framework."""
    if handler.has_sync_callable or _is_wrapped(handler):
        return None
    if any(not isinstance(part, str) and part.type is not str for part in route.path_components):
        return None
    provided = handler.resolve_dependencies()
    guards: dict[str, Guard] = {}
    constants: dict[str, Any] = {}
    known = {"data", "request", *_names(route)}
    for name in handler.parsed_fn_signature.parameters:
        if name in known:
            continue
        if name in GUARDS:
            guards[name] = GUARDS[name]
        elif name in provided and not provided[name].parsed_fn_signature.parameters:
            constants[name] = provided[name].dependency()
        else:
            return None
    return Call(handler, route, guards, constants)


def _is_wrapped(handler: HTTPRouteHandler) -> bool:
    """Whether the framework does more for this handler than to call it."""
    return bool(
        handler.resolve_guards()
        or handler.resolve_middleware()
        or handler.resolve_before_request()
        or handler.resolve_after_response()
        or handler.resolve_response_headers()
        or handler.resolve_response_cookies()
        or any(getattr(layer, "after_request", None) for layer in handler.ownership_layers)
        or handler.resolve_data_dto()
        or handler.resolve_return_dto()
        or handler.cache
    )
