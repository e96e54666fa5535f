"""What the log tells: a task's history, the changes since a seq, statistics."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.modules.tasks.world import (
    NOBODY,
    batch,
    code,
    execute,
    logged,
    make,
    open_store,
    pointer,
    seq_of,
    workspace_of,
)
from tests.services.api import Api, Person

from tidework.tasks.stats import StatsService


async def history(person: Person, task: str, query: str = "") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    cursor = ""
    while True:
        page = (await person.get(f"~/tasks/{task}/history?{query}{cursor}")).json()
        found += page["items"]
        if page["next_cursor"] is None:
            return found
        cursor = f"&cursor={page['next_cursor']}"


async def test_a_history_says_who_when_and_what_was_before(api: Api) -> None:
    ada, eva = await workspace_of(api, "editor")
    task = await ada.made("~/tasks", {"title": "Tea", "status": "in_progress"})
    path = f"~/tasks/{task['id']}"
    done = (await eva.patch(path, {"title": "Coffee", "status": "completed"})).json()
    await eva.patch(path, {"title": "Coffee"})
    await eva.made(f"{path}/comments", {"body": "Not of the task itself"})
    moved = (await ada.patch(path, {"assignee_id": eva.id})).json()
    made, changed, given = await history(eva, str(task["number"]))
    assert (made["seq"], made["at"], made["actor_id"], made["op"]) == (
        task["version"], task["created_at"], ada.id, "create",
    )  # fmt: skip
    derived = {"id", "workspace_id", "version", "updated_at"}
    assert made["changes"] == {
        name: {"before": None, "after": value}
        for name, value in task.items()
        if name not in derived
    }
    assert changed == {
        "seq": done["version"],
        "at": done["updated_at"],
        "actor_id": eva.id,
        "op": "update",
        "changes": {
            "title": {"before": "Tea", "after": "Coffee"},
            "status": {"before": "in_progress", "after": "completed"},
            "completed_at": {"before": None, "after": done["updated_at"]},
        },
    }
    assert given["seq"] == moved["version"]
    assert given["changes"] == {"assignee_id": {"before": None, "after": eva.id}}
    # Removed and brought back, it has not lost what it was.
    await ada.delete(path)
    assert code(await ada.get(f"{path}/history")) == (404, "not_found")
    await ada.post("~/undo", {"seq": await seq_of(ada)})
    again = await history(ada, task["id"])
    assert again[:3] == [made, changed, given]
    assert [one["op"] for one in again[3:]] == ["delete", "create"]
    assert again[3]["changes"]["title"] == {"before": "Coffee", "after": None}
    assert again[4]["changes"]["title"] == {"before": None, "after": "Coffee"}


async def test_a_long_history_page_by_page(api: Api) -> None:
    ada = await api.person()
    (task,) = await make(ada, "0")
    one = task["id"]
    for start in (1, 300):
        await batch(
            ada,
            *(
                {"op": "update", "id": one, "data": {"title": str(n)}}
                for n in range(start, start + 299)
            ),
        )
    everything = await history(ada, one, "limit=500")
    assert [entry["changes"]["title"]["after"] for entry in everything] == [
        str(n) for n in range(599)
    ]
    # A page may end inside of a commit.
    assert await history(ada, one, "limit=250") == everything
    assert len((await ada.get(f"~/tasks/{one}/history")).json()["items"]) == 100
    assert code(await ada.get(f"~/tasks/{NOBODY}/history")) == (404, "not_found")


async def test_changes_after_a_seq(api: Api) -> None:
    ada, eva = await workspace_of(api, "viewer")
    start = await seq_of(ada)
    first = await make(ada, *"abc")
    await ada.made("~/labels", {"name": "L"})
    await ada.patch(f"~/tasks/{first[0]['id']}", {"title": "A"})
    end = await seq_of(ada)
    whole = (await eva.get("~/changes")).json()
    assert (whole["seq"], whole["more"]) == (end, False)
    assert [one["seq"] for one in whole["changes"]] == sorted(
        one["seq"] for one in whole["changes"]
    )
    assert {one["entity"] for one in whole["changes"]} == {"workspace", "member", "label", "task"}
    last = whole["changes"][-1]
    assert last == {
        "seq": end, "at": last["at"], "actor_id": ada.id, "entity": "task", "id": first[0]["id"],
        "op": "update", "set": {"title": "A"}, "was": {"title": "a"},
    }  # fmt: skip
    # What only the machinery needs is nobody's business.
    assert "name_key" not in str(whole)
    # Pages hold whole commits.
    page = (await eva.get(f"~/changes?since={start}&limit=1")).json()
    assert [one["seq"] for one in page["changes"]] == [start + 1] * 3
    assert (page["seq"], page["more"]) == (start + 1, True)
    page = (await eva.get(f"~/changes?since={start}&limit=4")).json()
    assert (len(page["changes"]), page["seq"], page["more"]) == (4, start + 2, True)
    assert await logged(eva, start) == whole["changes"][-5:]
    nothing = (await eva.get(f"~/changes?since={end}")).json()
    assert nothing == {"changes": [], "seq": end, "more": False}
    # Whoever is ahead of what there is, is told what there is, and misses nothing from then on.
    ahead = (await eva.get(f"~/changes?since={end + 5}")).json()
    assert ahead == nothing
    for query in (
        "since=-1",
        "since=x",
        f"since={2**70}",
        "limit=0",
        "limit=1001",
        "sinc=1",
        "since=1&since=2",
    ):
        assert pointer(await eva.get(f"~/changes?{query}")).startswith("?"), query


async def test_what_is_no_longer_kept_is_gone(api: Api) -> None:
    ada = await api.person()
    await make(ada, "a")
    kept = await seq_of(ada)
    await make(ada, "b")
    await execute(
        api, f"UPDATE streams SET kept_since = {kept} WHERE stream_id = '{ada.workspace}'"
    )
    try:
        for since in (0, kept - 1):
            assert code(await ada.get(f"~/changes?since={since}")) == (410, "gone")
        assert len((await ada.get(f"~/changes?since={kept}")).json()["changes"]) == 1
        for seq in (1, kept):
            assert code(await ada.post("~/undo", {"seq": seq})) == (410, "gone")
        assert (await ada.post("~/undo", {"seq": kept + 1})).status_code == 200
    finally:
        await execute(api, f"UPDATE streams SET kept_since = 0 WHERE stream_id = '{ada.workspace}'")


async def test_statistics_count_what_is_there(api: Api) -> None:
    ada, eva = await workspace_of(api, "viewer")
    (stranger,) = await workspace_of(api)
    await make(stranger, "Elsewhere")
    empty = (await eva.get("~/stats")).json()
    assert empty["total"] == empty["overdue"] == 0
    assert empty["by_status"] == {"pending": 0, "in_progress": 0, "completed": 0, "cancelled": 0}
    assert empty["by_priority"] == {"low": 0, "medium": 0, "high": 0, "urgent": 0}
    assert empty["by_assignee"] == empty["by_project"] == {}
    assert len(empty["days"]) == 30
    project = await ada.made("~/projects", {"name": "P"})
    past = "2020-01-01T00:00:00Z"
    await make(ada, "a", "b", due_at=past, assignee_id=eva.id, project_id=project["id"])
    await make(ada, "c", due_at=past, status="cancelled", priority="urgent")
    (done,) = await make(ada, "d", due_at=past, status="completed", priority="low")
    await make(ada, "e", due_at="2999-01-01T00:00:00Z", status="in_progress")
    stats = (await eva.get("~/stats?days=2")).json()
    assert stats["total"] == 5
    assert stats["by_status"] == {"pending": 2, "in_progress": 1, "completed": 1, "cancelled": 1}
    assert stats["by_priority"] == {"low": 1, "medium": 3, "high": 0, "urgent": 1}
    assert stats["by_assignee"] == {eva.id: 2, "none": 3}
    assert stats["by_project"] == {project["id"]: 2, "none": 3}
    assert stats["overdue"] == 2
    today = datetime.now(UTC).date()
    assert [one["day"] for one in stats["days"]] == [
        (today - timedelta(days=1)).isoformat(), today.isoformat(),
    ]  # fmt: skip
    assert sum(one["created"] for one in stats["days"]) == 5
    assert sum(one["completed"] for one in stats["days"]) == 1
    # Made and finished long ago, on days of which only some are asked for.
    for column, days in (("created_at", 4), ("completed_at", 2)):
        moment = (datetime.now(UTC) - timedelta(days=days)).strftime("%Y-%m-%dT23:59:59.999999Z")
        await execute(api, f"UPDATE tasks SET {column} = '{moment}' WHERE id = '{done['id']}'")
    await ada.patch("~", {"name": "Seen by everybody"})
    try:
        days = (await eva.get("~/stats?days=5")).json()["days"]
        assert [(one["created"], one["completed"]) for one in days[:4]] == [
            (1, 0),
            (0, 0),
            (0, 1),
            (0, 0),
        ]
        assert sum(one["created"] for one in (await eva.get("~/stats?days=4")).json()["days"]) == 4
        assert len((await eva.get("~/stats?days=366")).json()["days"]) == 366
    finally:
        for column in ("created_at", "completed_at"):
            await execute(
                api, f"UPDATE tasks SET {column} = '{done[column]}' WHERE id = '{done['id']}'"
            )
    for query in ("days=0", "days=367", "days=-1", "days=x", "day=1"):
        assert pointer(await eva.get(f"~/stats?{query}")).startswith("?"), query


async def test_statistics_are_of_one_moment(api: Api) -> None:
    ada = await api.person()
    before = await seq_of(ada)
    store = await open_store(api.settings)
    try:
        stats = StatsService(store)
        writing = asyncio.create_task(_make_one_by_one(ada, 60))
        seqs = set()
        while not writing.done():
            seq, counted = await stats.workspace(ada.workspace, b"")
            seqs.add(seq)
            # Each commit makes one task.
            assert counted.total == seq - before
            for part in (counted.by_priority, counted.by_assignee, counted.by_project):
                assert sum(part.values()) == counted.total
            assert sum(day.created for day in counted.days) == counted.total
            assert sum(day.completed for day in counted.days) == counted.by_status["completed"]
        await writing
        assert len(seqs) > 5
    finally:
        await store.close()


async def _make_one_by_one(person: Person, count: int) -> None:
    for number in range(count):
        status = ("pending", "completed")[number % 2]
        made = await person.post("~/tasks", {"title": f"Task {number}", "status": status})
        assert made.status_code == 201
