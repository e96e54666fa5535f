"""Bodies of requests: who is asked for one, how much of it, and what is no body."""

import asyncio
from typing import Any

import pytest
from tests.services.api import Api, OpenApi

from tidework.http import edge


async def ask(
    api: Api, method: str, path: str, headers: dict[str, str], chunks: list[bytes]
) -> tuple[int, list[bytes]]:
    """The status of a request whose body comes in chunks, and the chunks that nobody wanted."""
    left, status = list(chunks), 0

    async def receive() -> dict[str, Any]:
        if not left:
            await asyncio.Event().wait()
        return {"type": "http.request", "body": left.pop(0), "more_body": bool(left)}

    async def send(message: dict[str, Any]) -> None:
        nonlocal status
        status = message.get("status", status)

    scope = {
        "type": "http", "method": method, "path": path, "raw_path": path.encode(),
        "query_string": b"", "scheme": "http", "client": ("127.0.0.1", 1), "root_path": "",
        "headers": [(k.encode(), v.encode()) for k, v in ({"host": "x"} | headers).items()],
        "http_version": "1.1",
    }  # fmt: skip
    await api.app(scope, receive, send)
    return status, left


async def test_who_is_calling_is_asked_before_a_large_body_is_read(api: Api) -> None:
    ada = await api.person()
    (viewer,) = await api.team(ada, "viewer")
    stranger = await api.person()
    path = f"/api/v1/workspaces/{ada.workspace}/tasks/batch"
    json = {"content-type": "application/json", "expect": "100-continue"}
    chunks = [b" " * 100_000] * 30 + [b'{"operations": []}']
    for who, expected in ((None, 401), (stranger, 404), (viewer, 403)):
        own = {"authorization": f"Bearer {who.access_token}"} if who else {}
        assert await ask(api, "POST", path, json | own, chunks) == (expected, chunks)
    own = {"authorization": f"Bearer {ada.access_token}"}
    assert await ask(api, "POST", path, json | own, chunks) == (422, [])
    # Elsewhere so large a body is read from nobody, to the limit at most.
    for other in (f"/api/v1/workspaces/{ada.workspace}/tasks", "/api/v1/nothing"):
        status, left = await ask(api, "POST", other, json | own, chunks)
        assert (status, len(left)) == (413, len(chunks) - 11)
    status, left = await ask(api, "POST", "/api/v1/auth/login", json, chunks)
    assert (status, len(left)) == (413, len(chunks) - 11)


async def test_a_refused_body_is_read_to_its_end_unless_the_caller_waits(api: Api) -> None:
    chunks = [b" " * 1_000_000] * 5
    json = {"content-type": "application/json"}
    assert await ask(api, "POST", "/api/v1/auth/login", json, chunks) == (413, [])
    json["content-length"] = "5000000"
    assert await ask(api, "POST", "/api/v1/auth/login", json, chunks) == (413, [])
    json["expect"] = "100-continue"
    assert await ask(api, "POST", "/api/v1/auth/login", json, chunks) == (413, chunks)
    assert await ask(api, "POST", "/api/v1/auth/login", {}, [b""]) == (400, [])


async def test_nobody_waits_for_more_of_a_body_that_has_come(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def wait(*_: Any) -> None:
        pytest.fail("There is nothing to wait for.")

    monkeypatch.setattr(edge, "drain", wait)
    ada = await api.person()
    own = {"authorization": f"Bearer {ada.access_token}"}
    imports = f"/api/v1/workspaces/{ada.workspace}/imports"
    assert await ask(api, "POST", imports, own | {"content-type": "text/csv"}, [b""]) == (400, [])
    json = {"content-type": "application/json"}
    # It is too large by its last piece.
    chunks = [b" " * 1_000_000] * 2
    assert await ask(api, "POST", "/api/v1/auth/login", json, chunks) == (413, [])


async def test_limits_can_be_set(open_api: OpenApi) -> None:
    api = await open_api(MAX_BODY_BYTES="200", MAX_BATCH_BODY_BYTES="300", MAX_QUERY_LENGTH="50")
    ada = await api.person()
    assert (await ada.post("~/tasks", {"title": "x" * 180})).status_code == 201
    assert (await ada.post("~/tasks", {"title": "x" * 199})).status_code == 413
    body = {"operations": [{"op": "create", "data": {"title": "x" * 190}}]}
    assert (await ada.post("~/tasks/batch", body)).status_code == 200
    body["operations"] *= 2
    assert (await ada.post("~/tasks/batch", body)).status_code == 413
    assert (await ada.get(f"~/tasks?q={'a' * 48}")).status_code == 200
    assert (await ada.get(f"~/tasks?q={'a' * 49}")).status_code == 414


BROKEN: list[tuple[bytes, dict[str, str], int, str | None]] = [
    (b"", {}, 400, "empty_body"),
    (b"{", {}, 400, "malformed"),
    (b'{"title": "a"', {}, 400, "malformed"),
    (b'{"title": "a"} x', {}, 400, "malformed"),
    (b"\xff", {}, 400, "malformed"),
    (b"[" * 100, {}, 400, None),
    (b"[" * 50 + b"]" * 50, {}, 400, "too_deep"),
    (b'{"a":1' + b',"a":1' * 1000 + b"}", {}, 400, "too_many_fields"),
    (b"[]", {}, 422, "invalid"),
    (b"null", {}, 422, "invalid"),
    (b'{"title": 1}', {}, 422, "invalid"),
    (b'{"title": "a", "x": 1}', {}, 422, "invalid"),
    (b'{"title": "a\\u0000"}', {}, 422, "invalid"),
    (b'{"title": "\\ud800"}', {}, 422, "invalid"),
    (b"{}", {"content-type": "text/plain"}, 415, "unsupported_media_type"),
    (b"{}", {"content-type": "application/json; charset=latin-1"}, 415, None),
    (b"{}", {"content-type": ""}, 415, None),
]


async def test_bodies_that_cannot_be_taken(api: Api) -> None:
    ada = await api.person()
    for body, headers, status, code in BROKEN:
        sent = {"content-type": "application/json"} | headers
        answer = await ada.call("POST", "~/tasks", headers=sent, content=body)
        assert answer.status_code == status, body
        assert code is None or answer.json()["code"] == code, body
    assert (await ada.get("~/tasks")).json()["items"] == []


async def test_a_body_of_a_get_is_not_looked_at(api: Api) -> None:
    ada = await api.person()
    answer = await ada.call("GET", "/users/me", content=b"\xff{", headers={"content-type": "x"})
    assert answer.status_code == 200
