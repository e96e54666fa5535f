"""Headers that come twice."""

from typing import Any

import pytest
from tests.services.api import Api

from tidework.errors import Malformed
from tidework.http.request_headers import settle_headers


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


async def test_lists_are_one_list(api: Api) -> None:
    ada = await api.person()
    own = ("authorization", f"Bearer {ada.access_token}")
    task = await ada.made("~/tasks", {"title": "x"})
    path = f"/api/v1/workspaces/{ada.workspace}/tasks/{task['id']}"
    present, other = f'"{task["version"]}"', '"999"'
    for tags in ((present, other), (other, present)):
        known = [own, *(("if-none-match", tag) for tag in tags)]
        assert (await api.client.get(path, headers=known)).status_code == 304
        expected = [own, *(("if-match", tag) for tag in tags)]
        changed = await api.client.patch(path, headers=expected, json={"title": "x"})
        assert changed.status_code == 200, changed.text
    both = [own, ("if-match", other), ("if-match", '"998"')]
    assert (await api.client.patch(path, headers=both, json={"title": "y"})).status_code == 412


async def test_of_what_there_can_be_one_two_are_refused(api: Api) -> None:
    ada, bob = await api.person(), await api.person()
    tokens = [("authorization", f"Bearer {who.access_token}") for who in (ada, bob)]
    answer = await api.client.get("/api/v1/users/me", headers=tokens)
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")
    assert "Authorization" in answer.json()["detail"]
    same = await api.client.get("/api/v1/users/me", headers=[tokens[0], tokens[0]])
    assert (same.status_code, same.json()["id"]) == (200, ada.id)
    path = f"/api/v1/workspaces/{ada.workspace}/tasks"
    keys = [tokens[0], ("idempotency-key", "a"), ("idempotency-key", "b")]
    refused = await api.client.post(path, headers=keys, json={"title": "x"})
    assert refused.status_code == 400
    assert (await ada.get("~/tasks")).json()["items"] == []


HOST = (b"host", b"example.com")


@pytest.mark.parametrize(
    "wrong",
    [
        [],
        [HOST, HOST],
        [(b"host", b"")],
        [HOST, (b"content-length", b"3"), (b"content-length", b"4")],
    ],
)
def test_what_http_forbids_is_refused(wrong: list[tuple[bytes, bytes]]) -> None:
    with pytest.raises(Malformed):
        settle_headers({"headers": wrong, "http_version": "1.1"}, dict(wrong))


def test_what_may_be_apart_is_joined() -> None:
    raw: list[tuple[bytes, bytes]] = [
        HOST,
        (b"cookie", b"a=1"),
        (b"accept", b"text/html"),
        (b"cookie", b"b=2"),
    ]
    headers = dict(raw)
    scope: dict[str, Any] = {"headers": raw, "http_version": "2"}
    settle_headers(scope, headers)
    assert headers[b"cookie"] == b"a=1; b=2"
    assert dict(scope["headers"]) == headers
    settle_headers({"headers": [], "http_version": "2"}, {})
