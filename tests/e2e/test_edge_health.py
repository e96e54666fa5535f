"""Health and metrics of a real server, also while its database is away."""

from pathlib import Path

import httpx
from prometheus_client.parser import text_string_to_metric_families
from tests.e2e.conftest import Command
from tests.services.postgres import Postgres
from tests.services.processes import free_port, wait_until
from tests.services.server import StartServer, TideworkServer

PASSWORD = "correct horse battery staple"


def register(client: httpx.Client) -> dict[str, str]:
    body = {"email": "ada@example.com", "password": PASSWORD, "name": "Ada"}
    made = client.post("/api/v1/auth/register", json=body).raise_for_status().json()
    return {"authorization": f"Bearer {made['access_token']}"}


def test_a_server_recovers_by_itself_when_its_database_comes_back(
    tidework_server: StartServer,
    tidework: Command,
    postgres: Postgres,
    postgres_url: str,
    tmp_path: Path,
) -> None:
    keys = tmp_path / "keys.json"
    environment = {
        "TIDEWORK_DATABASE_URL": postgres_url,
        "TIDEWORK_SIGNING_KEYS_FILE": str(keys),
        "TIDEWORK_RATE_LIMITS": "off",
    }
    assert tidework("keys", "create", keys).returncode == 0
    assert tidework("migrate", env=environment).returncode == 0
    server = tidework_server(env=environment)
    with httpx.Client(base_url=server.base_url, timeout=60) as client:
        own = register(client)
        tasks = "/api/v1/workspaces/personal/tasks"
        assert client.post(tasks, json={"title": "before"}, headers=own).status_code == 201
        postgres.stop()
        try:
            wait_until(lambda: client.get("/health/ready").status_code == 503, "it is not ready")
            report = client.get("/health/ready").json()
            assert report["status"] == "failed"
            assert report["checks"]["database"]["status"] == "failed"
            assert report["checks"]["disk"]["status"] in ("ok", "degraded")
            assert client.get("/health/live").status_code == 200
            for answer in (
                client.get(tasks, headers=own),
                client.post(tasks, json={"title": "lost"}, headers=own),
                client.get("/api/v1/users/me", headers=own),
                client.post("/api/v1/auth/login", json={"email": "a", "password": PASSWORD}),
            ):
                assert answer.status_code == 503
                assert answer.headers["content-type"] == "application/problem+json"
                assert int(answer.headers["retry-after"]) >= 1
                assert "127.0.0.1" not in answer.text
        finally:
            postgres.start()
        wait_until(lambda: client.get("/health/ready").status_code == 200, "it is ready again")
        titles = [t["title"] for t in client.get(tasks, headers=own).json()["items"]]
        assert titles == ["before"]
        assert client.post(tasks, json={"title": "after"}, headers=own).status_code == 201
    assert "defect" not in server.log.read_text()


def samples(text: str) -> dict[str, set[tuple[tuple[str, str], ...]]]:
    """The label sets of each family."""
    return {
        family.name: {tuple(sorted(sample.labels.items())) for sample in family.samples}
        for family in text_string_to_metric_families(text)
    }


def ask_around(server: TideworkServer) -> None:
    with httpx.Client(base_url=server.base_url, timeout=60) as client:
        own = register(client)
        for number in range(50):
            client.get(f"/api/v1/workspaces/personal/tasks/{number}", headers=own)
            client.get(f"/api/v1/nothing/{number}", headers=own)
            client.get(f"/nothing/{number}")
            client.request(f"BREW{number}", "/api/v1/users/me")
            client.get(f"/api/docs/{number}")
        client.get("/api/v1/workspaces/personal/tasks", headers=own)
        client.post("/api/v1/workspaces/personal/tasks", json={"title": "x"}, headers=own)


def test_metrics_are_off_on_the_public_port_unless_set(tidework_server: StartServer) -> None:
    port = free_port()
    server = tidework_server(env={"TIDEWORK_METRICS": f"127.0.0.1:{port}"})
    assert httpx.get(f"{server.base_url}/metrics").status_code == 404
    ask_around(server)
    text = httpx.get(f"http://127.0.0.1:{port}/metrics").raise_for_status().text
    families = samples(text)
    labels = families["tidework_http_requests"]
    routes = {dict(one)["route"] for one in labels}
    assert "/api/v1/workspaces/{w}/tasks/{id}" in routes
    assert "/api/v1/workspaces/{w}/tasks" in routes
    assert "other" in routes
    assert not any(character.isdigit() for route in routes for character in route[7:])
    assert {dict(one)["method"] for one in labels} <= {"GET", "POST", "other"}
    assert len(labels) < 30
    for name in ("tidework_query_duration_seconds", "tidework_cache_lookups", "tidework_commits"):
        assert families[name], name


def test_metrics_on_the_public_port(tidework_server: StartServer) -> None:
    server = tidework_server(env={"TIDEWORK_METRICS": "public"})
    answer = httpx.get(f"{server.base_url}/metrics").raise_for_status()
    assert answer.headers["content-type"].startswith("text/plain")
    assert samples(answer.text)["tidework_http_requests"]
    assert "x-request-id" in answer.headers
