"""Paths that two parts could read differently: none of them leads anywhere."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

import httpx
import pytest
from tests.services.api import Api, OpenApi

from tidework.http.openapi import operations

OTHERS = ("/health/live", "/api/docs", "/api/v1/openapi.json", "/.well-known/jwks.json", "/metrics")


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


def disguised(path: str) -> Iterator[str]:
    """The same path, as routers and proxies that tidy paths read it."""
    for at, letter in enumerate(path):
        if letter == "/":
            for odd in ("//", "/./", "/%2F", "/x/../", "/x/%2e%2E/", "/%2e/"):
                yield path[:at] + odd + path[at + 1 :]
    yield from (f"{path}//", f"{path}/.", f"{path}/x/..")


async def asked(api: Api, method: str, raw: str, headers: dict[str, str]) -> httpx.Response:
    """The answer to a path as it was written: httpx would tidy it."""
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": unquote(raw),
        "raw_path": raw.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"127.0.0.1:8000")]
        + [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 1234),
        "server": ("127.0.0.1", 8000),
    }
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await api.app(scope, receive, send)
    body = b"".join(message.get("body", b"") for message in sent)
    return httpx.Response(sent[0]["status"], headers=sent[0]["headers"], content=body)


async def test_what_is_tidied_elsewhere_leads_nowhere_here(api: Api) -> None:
    ada = await api.person()
    headers = {"authorization": f"Bearer {ada.access_token}"}
    document = (await api.client.get("/api/v1/openapi.json")).json()
    routes = {(method.upper(), path) for path, method, _ in operations(document)}
    routes |= {("GET", path) for path in OTHERS}
    assert len(routes) > 100
    for method, template in sorted(routes):
        path = template.replace("{workspace_id}", ada.workspace).replace("{", "").replace("}", "")
        for odd in disguised(path):
            answer = await asked(api, method, odd, headers)
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), (method, odd)
    assert (await asked(api, "GET", "/api/v1/users/me", headers)).status_code == 200


async def test_other_spellings_reach_what_they_name_with_all_that_stands_before_it(
    open_api: OpenApi,
) -> None:
    api = await open_api(RATE_LIMITS="on")
    ada = await api.person()
    headers = {"authorization": f"Bearer {ada.access_token}"}
    # Encoded or with a slash at the end it is the same path; in another case or with more it is none.
    for path in ("/api%2Fv1/users/me", "/%61pi/v1/users/me", "/api/v1/users/me/"):
        answer = await asked(api, "GET", path, headers)
        assert (answer.status_code, answer.json().get("id")) == (200, ada.id), path
        assert "ratelimit" in answer.headers, path
    for path in (
        "/API/v1/users/me",
        "/api/v1/users/me;x",
        "/api%5Cv1/users/me",
        "/api%252Fv1/users",
    ):
        assert (await asked(api, "GET", path, headers)).status_code == 404, path
