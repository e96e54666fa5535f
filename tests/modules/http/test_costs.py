import pytest
from tests.services.api import OpenApi

from tidework.http.costs import BATCH_AT_MOST, cost_of

BASE = "/api/v1/workspaces/0190"


@pytest.mark.parametrize(
    ("method", "path", "query", "cost"),
    [
        ("GET", f"{BASE}/tasks", "", 1),
        ("GET", f"{BASE}/tasks", "status=open&limit=100", 1),
        ("GET", f"{BASE}/tasks", "seq=3&label=q", 1),
        ("GET", f"{BASE}/tasks", "q=&limit=5", 1),
        ("GET", f"{BASE}/tasks", "q=words", 5),
        ("GET", f"{BASE}/tasks", "limit=5&q=words", 5),
        ("GET", f"{BASE}/tasks", "limit=5&%71=words", 5),
        ("GET", f"{BASE}/tasks/", "q=words", 5),
        ("GET", f"{BASE}/tasks//", "q=words", 5),
        ("GET", f"{BASE}/tasks/17", "", 1),
        ("GET", f"{BASE}/stats", "days=30", 5),
        ("GET", f"{BASE}/changes", "since=0", 2),
        ("GET", f"{BASE}/snapshot", "", 10),
        ("GET", f"{BASE}/texts", "limit=5", 5),
        ("GET", "/api/v1/admin/tasks", "", 5),
        ("GET", "/api/v1/admin/users", "", 5),
        ("PATCH", "/api/v1/admin/users/0190", "", 1),
        ("POST", f"{BASE}/tasks", "", 1),
        ("POST", "/api/v1/auth/login", "", 1),
        ("GET", "/", "", 1),
        ("GET", "//", "", 1),
    ],
)
def test_costs(method: str, path: str, query: str, cost: int) -> None:
    assert cost_of(method, path, query.encode(), None) == cost


@pytest.mark.parametrize(
    ("size", "cost"),
    [
        (b"2", 1),
        (b"8191", 1),
        (b"8192", 2),
        (b"81920", 11),
        (b"40000000", BATCH_AT_MOST),
        (b"9" * 30, 11),
        (b"many", 11),
        ("٣".encode(), 11),
        (None, 11),
    ],
)
def test_a_batch_costs_by_its_size(size: bytes | None, cost: int) -> None:
    assert cost_of("POST", f"{BASE}/tasks/batch", b"", size) == cost


async def test_what_is_asked_for_is_what_is_taken(open_api: OpenApi) -> None:
    api = await open_api(RATE_LIMITS="account=50/hour, token=40/hour")
    await api.person()
    ben = await api.person()
    body = {"operations": [{"op": "create", "data": {"title": "x" * 200}}] * 60}
    asked = [
        ("GET", "~/tasks", None, 49),
        ("GET", "~/tasks?q=cran", None, 44),
        ("GET", "~/stats", None, 39),
        ("GET", "~/changes?since=0", None, 37),
        ("POST", "~/tasks/batch", body, 35),
    ]
    for method, path, sent, left in asked:
        answer = await ben.call(method, path, sent)
        assert answer.status_code == 200, answer.text
        assert answer.headers["ratelimit"].startswith(f'"account";r={left};'), path
    made = await ben.made("/auth/tokens", {"name": "one", "scopes": ["read"]})
    bearer = {"authorization": f"Bearer {made['token']}"}
    answer = await api.client.get("/api/v1/users/me", headers=bearer)
    assert answer.status_code == 200
    assert answer.headers["ratelimit-policy"] == '"account";q=50;w=3600, "token";q=40;w=3600'
    assert answer.headers["ratelimit"].startswith('"account";r=33;t=')
    assert ', "token";r=39;t=' in answer.headers["ratelimit"]
