"""The edge, asked in process: what every answer bears, and what is refused before any route."""

import gzip
import re
from collections.abc import AsyncIterator

import brotli
import httpx
import pytest
import zstandard
from tests.services.api import Api, OpenApi, Person

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
