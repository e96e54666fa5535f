import re
from typing import Any

import pytest
from swagger_ui_bundle import swagger_ui_path

from tidework.errors import MethodNotAllowed, NotFound
from tidework.http.docs_page import DocsPage
from tidework.http.headers import SecurityHeaders

SECURITY = SecurityHeaders("http://127.0.0.1:8000").docs
PAGE = DocsPage("/api/v1/openapi.json", SECURITY)


async def get(
    path: str, *headers: tuple[bytes, bytes], method: str = "GET"
) -> tuple[int, dict[bytes, bytes], bytes]:
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {"type": "http", "method": method, "path": path, "headers": list(headers)}
    await PAGE(scope, None, send)
    assert len(dict(sent[0]["headers"])) == len(sent[0]["headers"])
    return sent[0]["status"], dict(sent[0]["headers"]), sent[1]["body"]


async def files() -> list[str]:
    _, _, body = await get("/api/docs")
    return re.findall(r'(?:src|href)="(/api/docs/[^"]+)"', body.decode())


async def test_the_page_names_only_what_is_served_here() -> None:
    status, headers, body = await get("/api/docs")
    assert status == 200
    assert headers[b"content-type"] == b"text/html; charset=utf-8"
    assert headers[b"cache-control"] == b"no-cache"
    text = body.decode()
    assert "http://" not in text
    assert "https://" not in text
    assert not re.search(r"<script>|<style|\son\w+=|style=|javascript:", text)
    assert "/api/v1/openapi.json" in text
    assert await get("/api/docs/") == (status, headers, body)


async def test_every_file_is_there_and_may_be_kept_for_ever() -> None:
    types = set()
    for path in await files():
        status, headers, body = await get(path)
        assert status == 200
        assert int(headers[b"content-length"]) == len(body) > 0
        assert b"immutable" in headers[b"cache-control"]
        types.add(headers[b"content-type"].split(b";")[0])
    assert types == {b"text/css", b"text/javascript", b"image/png"}


async def test_the_start_asks_for_the_document() -> None:
    start = next(path for path in await files() if "/start." in path)
    body = (await get(start))[2].decode()
    assert 'url: "/api/v1/openapi.json"' in body
    assert "%" not in body


async def test_what_has_not_changed_is_not_sent() -> None:
    for path in ["/api/docs", *await files()]:
        _, headers, _ = await get(path)
        status, again, body = await get(path, (b"if-none-match", headers[b"etag"]))
        assert (status, body) == (304, b"")
        assert again[b"etag"] == headers[b"etag"]
        assert b"content-length" not in again
        assert (await get(path, (b"if-none-match", b'W/"other"')))[0] == 200


async def test_the_policy_comes_with_every_answer() -> None:
    for path in ["/api/docs", *await files()]:
        policy = (await get(path))[1][b"content-security-policy"]
        assert b"script-src 'self'" in policy
        assert b"unsafe" not in policy


@pytest.mark.parametrize(
    "path",
    [
        "/api/docs/../docs_page.py",
        "/api/docs/..%2f..%2fetc/passwd",
        "/api/docs//etc/passwd",
        "/api/docs/swagger-ui-bundle.js",
        "/api/docs/swagger-ui-bundle.js.map",
        "/api/docs/\0",
        "/api/docsx",
        "",
    ],
)
async def test_no_path_leads_anywhere_else(path: str) -> None:
    with pytest.raises(NotFound):
        await get(path)


async def test_it_is_only_read() -> None:
    with pytest.raises(MethodNotAllowed):
        await get("/api/docs", method="POST")
    status, headers, body = await get("/api/docs", method="HEAD")
    assert (status, body) == (200, b"")
    assert int(headers[b"content-length"]) > 0


def test_the_bundle_understands_openapi_3_1() -> None:
    # Swagger UI does since version 5.
    found = re.search(r"swagger-ui-(\d+)\.", str(swagger_ui_path))
    assert found is not None
    assert int(found[1]) >= 5
