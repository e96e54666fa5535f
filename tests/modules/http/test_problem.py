import json
from typing import Annotated, Any
from uuid import UUID

import msgspec
import pytest
from litestar import Litestar, get, post
from litestar.exceptions import HTTPException
from litestar.params import FromPath, FromQuery, HeaderParameter, JSONBody, QueryParameter
from litestar.testing import TestClient

from tidework.errors import (
    Conflict,
    Forbidden,
    Invalid,
    Malformed,
    TideworkError,
    TooManyRequests,
    Unauthenticated,
    invalid,
)
from tidework.http.problem import exception_handlers, from_exception, render

SECRET = "the inside"


def rendered(error: TideworkError) -> tuple[int, dict[bytes, bytes], dict[str, Any]]:
    status, headers, body = render(error, "r-1")
    return status, dict(headers), json.loads(body)


def test_the_members_of_a_problem() -> None:
    status, headers, body = rendered(Conflict("It is so.", code="email_taken"))
    assert status == 409
    assert headers[b"content-type"] == b"application/problem+json"
    assert headers[b"cache-control"] == b"no-store"
    assert body == {
        "type": "/problems/email_taken",
        "title": "Conflict",
        "status": 409,
        "detail": "It is so.",
        "code": "email_taken",
        "request_id": "r-1",
    }


def test_errors_and_headers_come_along() -> None:
    body = rendered(invalid("/title", "too_long", "Too long."))[2]
    assert body["errors"] == [{"pointer": "/title", "code": "too_long", "detail": "Too long."}]
    assert rendered(TooManyRequests("Wait.", retry_after=7))[1][b"retry-after"] == b"7"
    assert rendered(Unauthenticated("Log in."))[1][b"www-authenticate"] == b"Bearer"


def test_whatever_is_quoted_can_be_sent() -> None:
    _, headers, body = rendered(
        Malformed("\ud800 é " + "x" * 10_000, headers={"Allow": "GET\r\nSet-Cookie: a=b\0é€"})
    )
    assert body["detail"].startswith("\\ud800 é x")
    assert len(body["detail"]) < 600
    assert headers[b"allow"] == b"GETSet-Cookie: a=b\xe9?"


class Item(msgspec.Struct, forbid_unknown_fields=True):
    title: Annotated[str, msgspec.Meta(min_length=1, max_length=3)]
    data: dict[str, int] = {}
    ids: list[UUID] = []
    count: Annotated[int, msgspec.Meta(ge=1, le=9)] = 1
    slug: Annotated[str, msgspec.Meta(pattern="^[a-z]+$")] = "a"


class Outer(msgspec.Struct, forbid_unknown_fields=True):
    metadata: Item
    items: list[Item] = []


def metadata(**values: Any) -> dict[str, Any]:
    return {"metadata": {"title": "a", **values}}


CASES: list[tuple[Any, str, str]] = [
    ({}, "/metadata", "missing"),
    ({"metadata": {}}, "/metadata/title", "missing"),
    (metadata(x=1), "/metadata/x", "unknown_field"),
    (metadata(**{"a/~b": 1}), "/metadata/a~1~0b", "unknown_field"),
    ({"metadata": {"title": "abcd"}}, "/metadata/title", "too_long"),
    ({"metadata": {"title": ""}}, "/metadata/title", "too_short"),
    ({"metadata": {"title": None}}, "/metadata/title", "wrong_type"),
    (metadata(ids=["x"]), "/metadata/ids/0", "invalid_format"),
    (metadata(data={"q": "z"}), "/metadata/data", "wrong_type"),
    (metadata(count=10), "/metadata/count", "too_large"),
    (metadata(count=0), "/metadata/count", "too_small"),
    (metadata(slug="A"), "/metadata/slug", "invalid_format"),
    ({**metadata(), "items": [{"title": "a"}, {"title": 1}]}, "/items/1/title", "wrong_type"),
    ([], "", "wrong_type"),
]


@pytest.mark.parametrize(("value", "pointer", "code"), CASES)
def test_msgspec_failures_have_a_pointer(value: Any, pointer: str, code: str) -> None:
    with pytest.raises(msgspec.ValidationError) as raised:
        msgspec.json.decode(json.dumps(value), type=Outer)
    error = from_exception(raised.value)
    assert isinstance(error, Invalid)
    assert [(e.pointer, e.code) for e in error.errors] == [(pointer, code)]
    assert "`" not in error.detail


def test_a_defect_tells_nothing() -> None:
    for exc in (
        RuntimeError(SECRET),
        RecursionError(SECRET),
        MemoryError(SECRET),
        KeyError(SECRET),
    ):
        status, _, body = rendered(from_exception(exc))
        assert status == 500
        assert body["code"] == "internal"
        assert SECRET not in json.dumps(body)


def test_unicode_and_recursion_are_the_callers() -> None:
    assert from_exception(UnicodeDecodeError("utf-8", b"\xff", 0, 1, "x")).status == 400
    assert from_exception(UnicodeEncodeError("utf-8", "\ud800", 0, 1, "x")).status == 422
    with pytest.raises(RecursionError) as raised:
        msgspec.json.decode(b"[" * 100_000)
    assert from_exception(raised.value).status == 400


# --- through Litestar ----------------------------------------------------------------------------

defects: list[str] = []


@post("/body")
async def take_body(data: JSONBody[Outer]) -> None: ...


@get("/query")
async def take_query(
    number: FromQuery[int],
    limit: Annotated[int, QueryParameter(le=100)] = 20,
    token: Annotated[str | None, HeaderParameter(name="x-token", min_length=2)] = None,
) -> None: ...


@get("/items/{item_id:uuid}")
async def take_path(item_id: FromPath[UUID]) -> None: ...


@get("/raise/{status:int}")
async def raise_status(status: FromPath[int]) -> None:
    if status == 599:
        raise RuntimeError(SECRET)
    if status == 499:
        raise Forbidden("Not you.")
    raise HTTPException(detail="said", status_code=status)


@pytest.fixture(scope="module")
def client() -> Any:
    handlers = exception_handlers(lambda scope: "r-2", lambda exc, scope: defects.append(str(exc)))
    app = Litestar(
        [take_body, take_query, take_path, raise_status],
        exception_handlers=handlers,  # type: ignore[arg-type]
        openapi_config=None,
        logging_config=None,
    )
    with TestClient(app, raise_server_exceptions=False) as test_client:
        yield test_client


def problem(response: Any, status: int) -> dict[str, Any]:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["cache-control"] == "no-store"
    assert len(response.headers.get_list("content-length")) == 1
    body: dict[str, Any] = response.json()
    assert body["status"] == status
    assert body["request_id"] == "r-2"
    assert body["type"] == "/problems/" + body["code"]
    assert {"title", "detail"} <= body.keys()
    return body


@pytest.mark.parametrize(("value", "pointer", "code"), CASES)
def test_bodies_through_litestar(client: Any, value: Any, pointer: str, code: str) -> None:
    body = problem(client.post("/body", json=value), 422)
    assert [(e["pointer"], e["code"]) for e in body["errors"]] == [(pointer, code)]


@pytest.mark.parametrize(
    "content", [b"", b'{"a":', b'{"a":"\xff"}', b"[" * 50_000, b"NaN", b'{"a":"\\ud800"}']
)
def test_unreadable_bodies_through_litestar(client: Any, content: bytes) -> None:
    headers = {"content-type": "application/json"}
    problem(client.post("/body", content=content, headers=headers), 400)


def test_every_bad_parameter_is_named(client: Any) -> None:
    body = problem(client.get("/query"), 422)
    assert [(e["pointer"], e["code"]) for e in body["errors"]] == [("?number", "missing")]
    body = problem(client.get("/query?number=x&limit=1000", headers={"x-token": "a"}), 422)
    assert [(e["pointer"], e["code"]) for e in body["errors"]] == [
        ("?number", "wrong_type"),
        ("?limit", "too_large"),
        ("header:token", "too_short"),
    ]


def test_addresses_and_methods(client: Any) -> None:
    assert problem(client.get("/nothing"), 404)["code"] == "not_found"
    problem(client.get("/items/no-uuid"), 404)
    response = client.put("/query")
    problem(response, 405)
    assert "GET" in response.headers["allow"]


@pytest.mark.parametrize(
    ("raised", "status"),
    [
        (400, 400),
        (401, 401),
        (403, 403),
        (413, 413),
        (415, 415),
        (418, 400),
        (429, 429),
        (503, 503),
    ],
)
def test_http_exceptions(client: Any, raised: int, status: int) -> None:
    problem(client.get(f"/raise/{raised}"), status)


def test_our_errors_and_defects(client: Any) -> None:
    assert problem(client.get("/raise/499"), 403)["detail"] == "Not you."
    defects.clear()
    response = client.get("/raise/599")
    problem(response, 500)
    assert SECRET not in response.text
    assert defects == [SECRET]
    problem(client.get("/raise/500"), 500)
