"""kill -9 of a server in the middle of a change in bulk, and of a report: the next one ends them."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
from tests.services.processes import wait_until
from tests.services.server import StartServer, TideworkServer

TASKS = 5_000
PASSWORD = "correct horse battery staple"


def prepared(server: TideworkServer) -> tuple[httpx.Client, str]:
    """Somebody who is logged in, with many tasks in their workspace."""
    client = httpx.Client(base_url=f"{server.base_url}/api/v1", timeout=60)
    body = {"email": "ada@example.com", "password": PASSWORD, "name": "Ada"}
    made = client.post("/auth/register", json=body).raise_for_status().json()
    client.headers["authorization"] = f"Bearer {made['access_token']}"
    place = f"/workspaces/{made['user']['personal_workspace_id']}"
    for start in range(0, TASKS, 500):
        operations = [
            {"op": "create", "data": {"title": f"Task {number}"}}
            for number in range(start, start + 500)
        ]
        answer = client.post(f"{place}/tasks/batch", json={"operations": operations})
        answer.raise_for_status()
    return client, place


def look(client: httpx.Client, path: str) -> dict[str, Any]:
    found: dict[str, Any] = client.get(path).raise_for_status().json()
    return found


def claims_have_ended(folder: Path) -> None:
    """As if the time had passed that whoever died had for its jobs; some of its work is left."""
    with closing(sqlite3.connect(folder / "tidework.db", timeout=30)) as file, file:
        (left,) = file.execute("SELECT count(*) FROM bulk_parts WHERE state = 'waiting'").fetchone()
        assert left > 0
        file.execute("UPDATE jobs SET due_at = '2026-01-01T00:00:00.000000Z'")


def test_what_a_killed_server_has_begun_is_ended_by_the_next(
    tidework_server: StartServer, tmp_path: Path
) -> None:
    folder = tmp_path / "data"
    environment = {
        "TIDEWORK_RATE_LIMITS": "off",
        "TIDEWORK_ACCESS_TOKEN_SECONDS": "86400",
        # A machine may be busy with other tests; that is no reason for a 503.
        "TIDEWORK_WAIT_SECONDS": "30",
    }
    server = tidework_server(folder, environment)
    client, place = prepared(server)
    with closing(client):
        action = {"set": {"status": "completed", "priority": "urgent"}}
        answer = client.post(f"{place}/tasks/bulk", json={"filter": {}, "action": action})
        run = f"{place}/bulk/{answer.raise_for_status().json()['id']}"
        wait_until(lambda: look(client, run)["changed"] > 0, "a part is done", 30)
        report = client.post(f"{place}/reports", json={"kind": "tasks", "format": "pdf"})
        made = f"{place}/reports/{report.raise_for_status().json()['id']}"
        server.kill()
        claims_have_ended(folder)
        server.start()
        assert look(client, run)["state"] in ("running", "done")
        wait_until(lambda: look(client, run)["state"] == "done", "all parts are done", 60)
        wait_until(lambda: look(client, made)["state"] == "done", "the report is there", 60)
        assert look(client, run)["changed"] == TASKS
        changed: list[str] = []
        since = 0
        while True:
            page = look(client, f"{place}/changes?since={since}&limit=1000")
            changed += [c["id"] for c in page["changes"] if c["set"].get("priority") == "urgent"]
            since = page["seq"]
            if not page["more"]:
                break
        assert len(changed) == len(set(changed)) == TASKS
        file = httpx.get(look(client, made)["download_url"], timeout=60)
        assert file.content.startswith(b"%PDF")
        client.post(f"{run}/undo").raise_for_status()
        wait_until(lambda: look(client, run)["state"] == "undone", "it is undone", 60)
        counts = look(client, f"{place}/stats")
        assert counts["by_status"]["pending"] == TASKS
        assert counts["by_priority"]["medium"] == TASKS
