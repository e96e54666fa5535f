"""Calling handlers directly: the same answers as through the framework, or else the framework's."""

from typing import Any

import msgspec
import pytest
from litestar import Litestar, Request, Response, Router, delete, get, post
from litestar.datastructures import Cookie
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, FromQuery, JSONBody
from tests.services.api import Api

from tidework.composition import compose
from tidework.errors import Invalid, Malformed, MethodNotAllowed, NotFound, Unauthenticated
from tidework.http.context import Principal, RequestContext
from tidework.http.dispatch import Dispatch
from tidework.routing import framework


class Thing(msgspec.Struct, forbid_unknown_fields=True):
    name: str


class Service:
    async def greet(self, name: str) -> str:
        return f"Hello {name}"


@get("/things/{thing_id:str}", operation_id="getThing")
async def get_thing(thing_id: FromPath[str], service: NamedDependency[Service]) -> Thing:
    return Thing(await service.greet(thing_id))


@post("/things/many", operation_id="makeThings", status_code=202)
async def make_things(data: JSONBody[Thing]) -> Response[Thing]:
    cookie = Cookie(key="a", value="b", httponly=True)
    return Response(data, headers={"X-Kind": "thing"}, cookies=[cookie])


@post("/things", operation_id="makeThing")
async def make_thing(request: Request[Any, Any, Any], data: JSONBody[Thing | None] = None) -> Thing:
    return data or Thing(request.headers["x-name"])


@delete("/things/{thing_id:str}", operation_id="deleteThing")
async def delete_thing(thing_id: FromPath[str], caller: NamedDependency[Principal]) -> None: ...


@get("/search", operation_id="search")
async def search(q: FromQuery[str]) -> Thing:
    return Thing(q)


async def before(request: Request[Any, Any, Any]) -> None: ...


@get("/wrapped", operation_id="wrapped", before_request=before)
async def wrapped() -> Thing:
    return Thing("wrapped")


@pytest.fixture(scope="module")
def dispatch() -> Dispatch:
    handlers = [get_thing, make_things, make_thing, delete_thing, search, wrapped]
    provided = {
        "service": Provide(Service, sync_to_thread=False),
        "caller": Provide(lambda: None, sync_to_thread=False),
    }
    app = Litestar([Router("/api", route_handlers=handlers, dependencies=provided)])
    return Dispatch(app)


async def run(
    dispatch: Dispatch, method: str, path: str, body: bytes = b"", query: bytes = b""
) -> tuple[int, dict[bytes, bytes], bytes]:
    context = RequestContext("r", "127.0.0.1", "http", 0.0)
    context.body = body
    scope = {
        "type": "http", "method": method, "path": path, "query_string": query,
        "headers": [(b"x-name", b"header")],
    }  # fmt: skip
    call, values = dispatch.find(method, path)
    assert call is not None
    answer = await call.run(context, scope, call.prepare(context, values))
    return answer.status, dict(answer.headers), answer.body


async def test_parameters_from_where_they_come(dispatch: Dispatch) -> None:
    json = {b"content-type": b"application/json"}
    found = await run(dispatch, "GET", "/api/things/Ada")
    assert found == (200, json, b'{"name":"Hello Ada"}')
    found = await run(dispatch, "POST", "/api/things", b'{"name":"x"}')
    assert found == (201, json, b'{"name":"x"}')
    for body in (b"", b"null"):
        assert (await run(dispatch, "POST", "/api/things", body))[2] == b'{"name":"header"}'
    status, headers, body = await run(dispatch, "POST", "/api/things/many", b'{"name":"x"}')
    assert (status, body) == (202, b'{"name":"x"}')
    assert headers == json | {b"x-kind": b"thing", b"set-cookie": headers[b"set-cookie"]}
    assert headers[b"set-cookie"].startswith(b"a=b")


async def test_what_cannot_be_taken(dispatch: Dispatch) -> None:
    for body, error in ((b"", Malformed), (b"{", Malformed), (b"{}", Invalid), (b"[]", Invalid)):
        with pytest.raises(error):
            await run(dispatch, "POST", "/api/things/many", body)
    with pytest.raises(Invalid):
        await run(dispatch, "GET", "/api/things/Ada", query=b"x=1")
    # Who may not is not told what is wrong with what they sent.
    with pytest.raises(Unauthenticated):
        await run(dispatch, "DELETE", "/api/things/Ada", query=b"x=1")


def test_paths_and_methods(dispatch: Dispatch) -> None:
    call, values = dispatch.find("GET", "/api//things/a/")
    assert call is not None
    assert (call.route, values) == ("/api/things/{thing_id}", ["a"])
    call, values = dispatch.find("POST", "/api/things/many")
    assert call is not None
    assert (call.route, values) == ("/api/things/many", [])
    for path in ("/", "/api", "/api/other", "/api/things/a/b"):
        with pytest.raises(NotFound):
            dispatch.find("GET", path)
    with pytest.raises(MethodNotAllowed) as refused:
        dispatch.find("PATCH", "/api/things/a")
    assert refused.value.headers["Allow"] == "DELETE, GET, HEAD, OPTIONS"
    assert dispatch.allowed("/api/things/many") == "OPTIONS, POST"


def test_what_takes_the_framework_is_left_to_it(dispatch: Dispatch) -> None:
    for path in ("/api/search", "/api/wrapped"):
        assert dispatch.find("GET", path) == (None, [])
        assert dispatch.allowed(path) == "GET, HEAD, OPTIONS"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_of_the_product_nearly_everything_is_called_directly(api: Api) -> None:
    app = framework(compose(api.settings, api.app._edge._front._store))
    known = Dispatch(app)
    others = {
        route.path_format
        for route in app.routes
        for handler in getattr(route, "route_handlers", ())
        for method in handler.http_methods - {"OPTIONS"}
        if known.find(method, route.path_format)[0] is None
    }
    assert others == {"/api/v1/admin/users", "/api/v1/admin/audit"}
