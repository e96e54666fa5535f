"""The edge, asked in process: what every answer bears, and what is refused before any route."""

import asyncio
import gzip
import re
from collections.abc import AsyncIterator
from typing import Any

import brotli
import httpx
import pytest
import zstandard
from tests.services.api import Api, OpenApi, Person

from tidework.http import edge

ID = re.compile(r"[0-9a-f]{32}")
ORIGIN = "https://app.example.com"


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """What stands here does not depend on the store."""
    return sqlite_url


async def each_kind(api: Api, ada: Person) -> list[httpx.Response]:
    """An answer of every kind that there is."""
    read = await ada.get("~/tasks")
    return [
        read,
        await ada.get("~/tasks", headers={"if-none-match": read.headers["etag"]}),
        await ada.post("~/tasks", {"title": "x"}),
        await ada.post("~/tasks", {"title": ""}),
        await ada.get("/users/me"),
        await ada.get("/admin/users"),
        await ada.get("/admin/users?limit=0"),
        await ada.get("/nothing"),
        await ada.call("PUT", "/users/me", {}),
        await ada.call("BREW", "/users/me"),
        await api.client.get("/api/v1/users/me"),
        await api.client.get("/nothing"),
        await api.client.options("/api/v1/users/me"),
        await api.client.get("/api/docs"),
        await api.client.post("/api/docs"),
        await api.client.get("/api/v1/openapi.json"),
        await api.client.get("/health/live"),
        await api.client.get("/health/ready"),
        await api.client.get("/.well-known/jwks.json"),
        await api.client.get("/metrics"),
        await api.client.get("/api/v1/" + "a" * 3000),
    ]


async def test_every_answer_bears_its_id_and_the_security_headers(api: Api) -> None:
    ada = await api.person()
    seen = set()
    for answer in await each_kind(api, ada):
        where = (answer.request.method, answer.request.url.path, answer.status_code)
        headers = answer.headers
        seen.add(headers["x-request-id"])
        assert ID.fullmatch(headers["x-request-id"]), where
        assert headers["x-content-type-options"] == "nosniff", where
        assert headers["referrer-policy"] == "no-referrer", where
        assert headers["x-frame-options"] == "DENY", where
        assert len(headers.get_list("content-security-policy")) == 1, where
        assert "default-src 'none'" in headers["content-security-policy"], where
        assert len(headers.get_list("content-length")) == (answer.status_code not in (204, 304))
        if answer.status_code >= 400:
            assert headers["content-type"] == "application/problem+json", where
            body = answer.json()
            assert body["status"] == answer.status_code, where
            assert body["request_id"] == headers["x-request-id"], where
            assert set(body) >= {"type", "title", "detail", "code"}, where
    assert len(seen) == len(await each_kind(api, ada))


async def test_a_request_id_of_the_caller_is_kept_when_it_is_well_formed(api: Api) -> None:
    for given in ("r-1", "A.b_c-9", "x" * 128):
        answer = await api.client.get("/health/live", headers={"x-request-id": given})
        assert answer.headers["x-request-id"] == given
    for given in ("", "x" * 129, "a b", "a\tb", "ä", "<script>", "a,b"):
        answer = await api.client.get("/health/live", headers={"x-request-id": given.encode()})
        assert ID.fullmatch(answer.headers["x-request-id"])


async def test_head_is_get_without_its_body(api: Api) -> None:
    ada = await api.person()
    task = await ada.made("~/tasks", {"title": "x"})
    paths = [
        f"/api/v1/workspaces/{ada.workspace}/tasks",
        f"/api/v1/workspaces/{ada.workspace}/tasks/{task['id']}",
        "/api/v1/users/me",
        "/api/v1/admin/users",
        "/api/v1/nothing",
        "/api/docs",
        "/api/v1/openapi.json",
        "/health/live",
        "/.well-known/jwks.json",
        "/nothing",
    ]
    own = {"authorization": f"Bearer {ada.access_token}", "x-request-id": "same"}
    for path in paths:
        got, head = [await api.client.request(m, path, headers=own) for m in ("GET", "HEAD")]
        assert head.content == b"", path
        assert (head.status_code, head.headers) == (got.status_code, got.headers), path


async def test_options_and_unknown_methods_name_the_known_ones(api: Api) -> None:
    ada = await api.person()
    expected = {
        f"/workspaces/{ada.workspace}/tasks": "GET, HEAD, OPTIONS, POST",
        f"/workspaces/{ada.workspace}/tasks/batch": "OPTIONS, POST",
        f"/workspaces/{ada.workspace}/tasks/7": "DELETE, GET, HEAD, OPTIONS, PATCH",
        "/admin/users": "GET, HEAD, OPTIONS",
        "/openapi.json": "GET, HEAD, OPTIONS",
    }
    for path, allowed in expected.items():
        asked = await api.client.options(f"/api/v1{path}")
        assert (asked.status_code, asked.headers["allow"]) == (204, allowed)
        refused = await ada.call("PUT", path, {})
        assert (refused.status_code, refused.headers["allow"]) == (405, allowed)
    for path in ("/health/live", "/api/docs"):
        assert (await api.client.options(path)).headers["allow"] == "GET, HEAD, OPTIONS"
        assert (await api.client.post(path)).headers["allow"] == "GET, HEAD, OPTIONS"
    assert (await api.client.options("/api/v1/nothing")).status_code == 404
    assert "PATCH" in (await api.client.request("TRACE", "/api/v1/users/me")).headers["allow"]


async def test_a_slash_at_the_end_is_taken(api: Api) -> None:
    ada = await api.person()
    task = await ada.made("~/tasks", {"title": "x"})
    for path in ("/users/me/", "~/tasks/", f"~/tasks/{task['number']}/"):
        assert (await ada.get(path)).status_code == 200, path
    made = await ada.post("~/tasks/", {"title": "y"}, headers={"idempotency-key": "k"})
    again = await ada.post("~/tasks/", {"title": "y"}, headers={"idempotency-key": "k"})
    assert made.json() == again.json()


NONSENSE = [
    ("/users/%ff", 404),
    ("~/tasks/%00", 404),
    ("~/tasks/%2e%2e", 404),
    ("~/tasks/a%2fb", 404),
    ("~/tasks/%ed%a0%80", 404),
    ("/workspaces/%F0%9F%8C%8A/tasks", 404),
    ("~/tasks?q=%ff", 400),
    ("~/tasks?%ff=1", 400),
    ("~/tasks?q=%ed%a0%80", 400),
    ("~/tasks?q=%00", 422),
    ("~/tasks?limit=1&limit=2", 422),
    ("~/tasks?nonsense=1", 422),
    ("~/tasks/1?nonsense=1", 422),
    ("/users/me?_=123", 422),
    ("/admin/users?q=%ff", 400),
    ("/admin/users?q=%00", 422),
    (f"~/tasks?q={'a' * 9000}", 414),
]


async def test_addresses_that_make_no_sense(api: Api) -> None:
    ada = await api.person()
    for path, status in NONSENSE:
        assert (await ada.get(path)).status_code == status, path


# --- bodies --------------------------------------------------------------------------------------


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


# --- origins, proxies ----------------------------------------------------------------------------


async def test_only_the_named_origins_are_answered(open_api: OpenApi) -> None:
    api = await open_api(CORS_ORIGINS=ORIGIN)
    asks = {"access-control-request-method": "PATCH", "access-control-request-headers": "if-match"}
    for origin, allowed in ((ORIGIN, True), ("https://evil.example.com", False), ("null", False)):
        before = await api.client.options("/api/v1/users/me", headers={"origin": origin, **asks})
        answers = [before] + [
            await api.client.get(path, headers={"origin": origin})
            for path in ("/api/v1/users/me", "/nothing", "/health/live", "/api/v1/openapi.json")
        ]
        assert before.status_code == 204
        for answer in answers:
            named = answer.headers.get("access-control-allow-origin")
            assert named == (origin if allowed else None)
        for answer in answers[1:]:
            assert "Origin" in answer.headers["vary"]
        assert ("access-control-allow-methods" in before.headers) == allowed


async def test_the_address_of_the_caller_behind_a_proxy(open_api: OpenApi) -> None:
    limits = {"RATE_LIMITS": "anonymous=1/hour"}
    api = await open_api("10.0.0.1", TRUSTED_PROXIES="10.0.0.0/8", **limits)
    for address, status in (("1.1.1.1", 401), ("1.1.1.1", 429), ("2.2.2.2", 401)):
        answer = await api.client.get(
            "/api/v1/users/me", headers={"x-forwarded-for": f"9.9.9.9, {address}, 10.0.0.2"}
        )
        assert answer.status_code == status


async def test_nobody_else_is_believed_to_be_a_proxy(open_api: OpenApi) -> None:
    api = await open_api("192.0.2.1", TRUSTED_PROXIES="10.0.0.0/8", RATE_LIMITS="anonymous=1/hour")
    statuses = [
        (await api.client.get("/api/v1/users/me", headers={"x-forwarded-for": a})).status_code
        for a in ("1.1.1.1", "2.2.2.2")
    ]
    assert statuses == [401, 429]


# --- compression and tags ------------------------------------------------------------------------

DECODERS = {
    "gzip": gzip.decompress,
    "br": brotli.decompress,
    "zstd": lambda body: zstandard.ZstdDecompressor().decompressobj().decompress(body),
}


async def raw(person: Person, path: str, **headers: str) -> tuple[httpx.Headers, int, bytes]:
    """An answer with its body as it was sent."""
    client = person.api.client
    own = {"authorization": f"Bearer {person.access_token}", "accept-encoding": "", **headers}
    path = f"/api/v1{path.replace('~', f'/workspaces/{person.workspace}')}"
    async with client.stream("GET", path, headers=own) as answer:
        body = b"".join([part async for part in _bytes(answer)])
    return answer.headers, answer.status_code, body


async def _bytes(answer: httpx.Response) -> AsyncIterator[bytes]:
    async for part in answer.aiter_raw():
        yield part


async def test_each_coding_also_from_memory(api: Api) -> None:
    ada = await api.person()
    for number in range(10):
        await ada.made("~/tasks", {"title": f"Task {number}", "description": "words " * 30})
    plain, _, body = await raw(ada, "~/tasks")
    assert "content-encoding" not in plain
    for coding in [*DECODERS, *DECODERS]:
        headers, _, coded = await raw(ada, "~/tasks", **{"accept-encoding": coding})
        assert headers["content-encoding"] == coding
        assert int(headers["content-length"]) == len(coded) < len(body)
        assert DECODERS[coding](coded) == body
        assert "Accept-Encoding" in headers["vary"]
    again, _, same = await raw(ada, "~/tasks")
    assert (same, again["etag"]) == (body, plain["etag"])
    assert "Accept-Encoding" in again["vary"]


async def test_small_bodies_are_left_alone(api: Api) -> None:
    ada = await api.person()
    for path in ("~/tasks", "/users/me", "/nothing"):
        headers, _, _ = await raw(ada, path, **{"accept-encoding": "gzip, br, zstd"})
        assert "content-encoding" not in headers
        assert "vary" not in headers


async def test_a_tag_is_strong_for_one_sequence_of_bytes_only(api: Api) -> None:
    ada = await api.person()
    task = await ada.made("~/tasks", {"title": "x", "description": "words " * 500})
    path, version = f"~/tasks/{task['id']}", task["version"]
    plain, _, _ = await raw(ada, path)
    coded, _, _ = await raw(ada, path, **{"accept-encoding": "gzip"})
    assert plain["etag"] == f'"{version}"'
    assert coded["etag"] == f'W/"{version}"'
    # Either is unchanged for the other, and the 304 has the tag that the body would have now.
    for tag in (plain["etag"], coded["etag"], f'"x", W/"{version}"', "*"):
        for coding, expected in (("", plain["etag"]), ("gzip", coded["etag"])):
            asked = {"accept-encoding": coding, "if-none-match": tag}
            headers, status, body = await raw(ada, path, **asked)
            assert (status, body, headers["etag"]) == (304, b"", expected)
            assert headers["cache-control"] == "private, no-cache"
            assert "Accept-Encoding" in headers["vary"]
    # As does what a write answers.
    own = {"accept-encoding": "gzip", "if-match": coded["etag"]}
    changed = await ada.patch(path, {"priority": "high"}, headers=own)
    assert changed.headers["etag"] == f'W/"{changed.json()["version"]}"'
    for tag, status in ((plain["etag"], 412), (f'"{changed.json()["version"]}"', 200)):
        answer = await ada.patch(path, {"priority": "low"}, headers={"if-match": tag})
        assert answer.status_code == status


async def test_the_documentation_is_compressed_once(api: Api) -> None:
    page = await api.client.get("/api/docs")
    script = re.search(r'src="(/api/docs/swagger-ui-bundle[^"]+)"', page.text)
    assert script
    variants = api.app._edge._variants
    asked = [
        await api.client.get(path, headers={"accept-encoding": coding})
        for path in (script[1], "/api/v1/openapi.json")
        for coding in ("gzip", "br", "gzip")
    ]
    assert [answer.headers["content-encoding"] for answer in asked] == ["gzip", "br", "gzip"] * 2
    kept = [variants.get(answer.headers["etag"].encode()) for answer in asked]
    assert all(set(one or ()) == {"gzip", "br"} for one in kept)
    tag = asked[-1].headers["etag"]
    again = await api.client.get("/api/v1/openapi.json", headers={"if-none-match": tag})
    assert (again.status_code, again.content) == (304, b"")
