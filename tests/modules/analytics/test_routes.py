"""Statistics over HTTP, on either database; the server counts while it serves."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from tests.modules.tasks.world import NOBODY, code, make, pointer
from tests.services.api import Api, Person


async def counted(person: Person, query: str = "", path: str = "~/analytics") -> dict[str, Any]:
    """The statistics, with all that has been written so far."""
    newest = str((await person.get("~/changes?since=0&limit=1000")).json()["seq"])
    answer = await person.get(f"{path}?{query}", headers={"tidework-seq": newest})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    assert found["seq"] == int(newest)
    return found


async def test_what_was_written_is_counted(api: Api) -> None:
    ada = await api.person()
    (eva,) = await api.team(ada, "viewer")
    project = await ada.made("~/projects", {"name": "Tides"})
    label = await ada.made("~/labels", {"name": "urgent"})
    past = {"due_at": "2020-01-01T00:00:00Z"}
    await make(ada, "a", "b", project_id=project["id"], label_ids=[label["id"]], **past)
    (task,) = await make(ada, "c", assignee_id=eva.id)
    await ada.patch(f"~/tasks/{task['id']}", {"status": "in_progress"})
    await ada.patch(f"~/tasks/{task['id']}", {"status": "completed"})
    found = await counted(eva)
    today = datetime.now(UTC).date()
    assert (found["from"], found["to"]) == (
        (today - timedelta(days=29)).isoformat(),
        today.isoformat(),
    )
    assert [found[name] for name in ("created", "completed", "throughput", "overdue")] == [
        3,
        1,
        1,
        2,
    ]
    assert len(found["days"]) == 30
    assert found["days"][-1] == {
        "day": today.isoformat(),
        "created": 3, "completed": 1, "reopened": 0, "cancelled": 0, "throughput": 1,
        "statuses": {"pending": 2, "in_progress": 0, "completed": 1, "cancelled": 0},
        "scope": 3,
        "active_users": 1,
    }  # fmt: skip
    assert [part["id"] for part in found["by_project"]] == [project["id"], None]
    assert [part["open"] for part in found["by_label"]] == [2, 0]
    assert (found["lead_time_s"]["count"], found["cycle_time_s"]["count"]) == (1, 1)
    mine = await counted(eva, "assignee=me")
    assert (mine["created"], mine["overdue"]) == (1, 0)
    assert (await counted(ada, "assignee=me"))["created"] == 0
    assert (await counted(ada, "assignee=none"))["created"] == 2
    assert (await counted(ada, f"project={project['id']},none"))["created"] == 3
    assert (await counted(ada, f"label={label['id']}&project=none"))["created"] == 0


async def test_days_that_are_over_are_kept_until_something_changes(api: Api) -> None:
    ada = await api.person()
    await make(ada, "a")
    query = "from=2020-01-01&to=2020-01-31"
    await counted(ada, query)
    first = await ada.get(f"~/analytics?{query}")
    tag = first.headers["etag"]
    again = await ada.get(f"~/analytics?{query}", headers={"if-none-match": tag})
    assert (again.status_code, again.content) == (304, b"")
    await make(ada, "b")
    changed = await counted(ada, query)
    assert changed["seq"] > first.json()["seq"]


async def test_what_is_overdue_follows_the_clock(api: Api) -> None:
    ada = await api.person()
    due = datetime.now(UTC) + timedelta(seconds=1)
    await make(ada, "a", due_at=due.isoformat())
    assert (await counted(ada))["overdue"] == 0
    found = 0
    async with asyncio.timeout(20):
        while not found:
            await asyncio.sleep(0.1)
            found = (await counted(ada))["overdue"]
    assert datetime.now(UTC) > due


async def test_who_may_not_see_it(api: Api) -> None:
    ada, stranger = await api.person(), await api.person()
    stranger.workspace = ada.workspace
    assert code(await stranger.get("~/analytics"))[0] == 404
    anonymous: httpx.Response = await api.client.get(
        f"/api/v1/workspaces/{ada.workspace}/analytics"
    )
    assert anonymous.status_code == 401


async def test_what_is_wrong_is_said(api: Api) -> None:
    ada = await api.person()
    for query, where in (
        ("from=2020-02-30", "?from"),
        ("to=tomorrow", "?to"),
        ("to=", "?to"),
        ("label=", "?label"),
        ("from=2020-01-02&to=2020-01-01", "?to"),
        ("from=1999-01-01&to=2020-01-01", "?from"),
        ("label=none", "?label"),
        (f"label={NOBODY},{NOBODY}", "?label"),
        (f"label={NOBODY}&label={NOBODY}", "?label"),
        ("project=x", "?project"),
        ("assignee=you", "?assignee"),
        ("days=3", "?days"),
        ("from=2020-01-01&from=2020-01-01", "?from"),
    ):
        assert pointer(await ada.get(f"~/analytics?{query}")) == where, query


async def test_administrators_see_the_installation(api: Api) -> None:
    root, ada = await api.person(), await api.person()
    await make(ada, "a", "b", status="completed")
    await make(root, "c")
    await counted(ada)
    await counted(root)
    stats = (await root.get("/admin/stats?days=2&top=1")).json()
    today = datetime.now(UTC).date()
    assert [day["day"] for day in stats["days"]] == [
        (today - timedelta(days=1)).isoformat(),
        today.isoformat(),
    ]
    assert {name: sum(day[name] for day in stats["days"]) for name in stats["days"][0]
            if name != "day"} == {
        "active_users": 2, "new_users": 2, "new_workspaces": 2,
        "tasks_created": 3, "tasks_completed": 2,
    }  # fmt: skip
    (largest,) = stats["largest_workspaces"]
    assert (largest["workspace_id"], largest["tasks"], largest["members"]) == (ada.workspace, 2, 1)
    assert (await ada.get("/admin/stats")).status_code == 403
    for query in ("days=0", "days=367", "top=101", "what=1"):
        assert pointer(await root.get(f"/admin/stats?{query}")).startswith("?"), query
    entries = (await root.get("/admin/audit")).json()["items"]
    assert (entries[0]["action"], entries[0]["detail"]) == ("stats.viewed", {"days": 2, "top": 1})
