"""Making, reading, changing and removing single tasks."""

from typing import Any

from tests.modules.tasks.world import (
    NOBODY,
    code,
    items,
    logged,
    make,
    pointer,
    seq_of,
    workspace_of,
)
from tests.services.api import Api, Person

FIELDS = {
    "id", "workspace_id", "number", "project_id", "parent_id", "title", "description", "status",
    "priority", "due_at", "assignee_id", "label_ids", "position", "created_by", "created_at",
    "updated_at", "completed_at", "recurrence", "previous_id", "version",
}  # fmt: skip


async def test_a_new_task_has_every_field_and_its_defaults(api: Api) -> None:
    ada = await api.person()
    before = await seq_of(ada)
    answer = await ada.post("~/tasks", {"title": "  Tea \n"})
    assert answer.status_code == 201
    task = answer.json()
    assert set(task) == FIELDS
    expected: dict[str, Any] = {
        "workspace_id": ada.workspace,
        "number": 1,
        "title": "Tea",
        "description": "",
        "status": "pending",
        "priority": "medium",
        "label_ids": [],
        "created_by": ada.id,
        "updated_at": task["created_at"],
        "version": before + 1,
    }
    expected |= dict.fromkeys(
        [
            "project_id",
            "parent_id",
            "due_at",
            "assignee_id",
            "completed_at",
            "recurrence",
            "previous_id",
        ],
        None,
    )
    assert {name: task[name] for name in expected} == expected
    place = f"/api/v1/workspaces/{ada.workspace}/tasks/{task['id']}"
    assert answer.headers["location"] == place
    assert answer.headers["etag"] == f'"{task["version"]}"'
    assert answer.headers["tidework-seq"] == str(task["version"])
    for key in (task["id"], task["id"].upper(), "1"):
        found = await ada.get(f"~/tasks/{key}")
        assert found.json() == task
        assert found.headers["etag"] == answer.headers["etag"]
    assert (await api.client.get(place)).status_code == 401
    assert await items(ada, "~/tasks") == [task]


async def test_a_new_task_takes_every_value(api: Api) -> None:
    ada, eva = await workspace_of(api, "viewer")
    project = await ada.made("~/projects", {"name": "P"})
    first, second = [await ada.made("~/labels", {"name": name}) for name in ("one", "two")]
    (parent,) = await make(ada, "Parent")
    values = {
        "title": "All \U0001f600",
        "description": " as it is \n\n",
        "status": "completed",
        "priority": "urgent",
        "due_at": "2026-02-28T23:30:00.123456-05:30",
        "project_id": project["id"],
        "parent_id": parent["id"],
        "assignee_id": eva.id,
        "label_ids": [second["id"], first["id"].upper(), second["id"]],
        "position": "Zz9",
    }
    task = await ada.made("~/tasks", values)
    assert task["due_at"] == "2026-03-01T05:00:00.123456Z"
    assert task["label_ids"] == [second["id"], first["id"]]
    assert task["completed_at"] == task["created_at"]
    for name in set(values) - {"due_at", "label_ids"}:
        assert task[name] == values[name]
    assert (await ada.get(f"~/tasks/{task['id']}")).json() == task


async def full(api: Api) -> tuple[Person, dict[str, Any], dict[str, Any]]:
    """A task that has everything, and other values for each of its fields."""
    ada, eva = await workspace_of(api, "editor")
    projects = [await ada.made("~/projects", {"name": name}) for name in ("P", "Q")]
    labels = [await ada.made("~/labels", {"name": name}) for name in ("L", "M")]
    parents = await make(ada, "Parent", "Other parent")
    values = {
        "title": "Task",
        "description": "Text",
        "priority": "high",
        "status": "in_progress",
        "due_at": "2026-01-01T00:00:00.000000Z",
        "project_id": projects[0]["id"],
        "parent_id": parents[0]["id"],
        "assignee_id": ada.id,
        "label_ids": [labels[0]["id"]],
    }
    others = {
        "title": "Another",
        "description": "More",
        "priority": "low",
        "status": "cancelled",
        "due_at": "2027-01-01T00:00:00.000000Z",
        "project_id": projects[1]["id"],
        "parent_id": parents[1]["id"],
        "assignee_id": eva.id,
        "label_ids": [labels[1]["id"], labels[0]["id"]],
    }
    return ada, await ada.made("~/tasks", values), others


NULL_MEANS = {"description": "", "label_ids": []}
NEVER_NULL = ("title", "status", "priority", "position")


async def test_a_patch_changes_what_it_names_and_nothing_else(api: Api) -> None:
    ada, task, others = await full(api)
    path = f"~/tasks/{task['id']}"
    for name, value in others.items():
        before = task
        answer = await ada.patch(path, {name: value})
        task = answer.json()
        derived = {"updated_at", "version"}
        assert {key for key in FIELDS if task[key] != before[key]} == {name, *derived}
        assert task[name] == value
        assert task["version"] == before["version"] + 1 == await seq_of(ada)
        assert answer.headers["etag"] == f'"{task["version"]}"'
        assert answer.headers["tidework-seq"] == str(task["version"])
        # Nothing to change is no commit, and says the state it looked at.
        same = await ada.patch(path, {name: value})
        assert (same.status_code, same.json()) == (200, task)
        assert same.headers["tidework-seq"] == str(task["version"])
        assert same.headers["etag"] == answer.headers["etag"]
        (change,) = await logged(ada, before["version"])
        assert (change["set"], change["was"]) == ({name: value}, {name: before[name]})
    assert (await ada.get(path)).json() == task


async def test_null_removes_what_can_be_missing(api: Api) -> None:
    ada, task, others = await full(api)
    path = f"~/tasks/{task['id']}"
    before = await seq_of(ada)
    for name in NEVER_NULL:
        assert pointer(await ada.patch(path, {name: None})) == f"/{name}"
    assert await seq_of(ada) == before
    removable = [name for name in others if name not in NEVER_NULL]
    answer = await ada.patch(
        path,
        dict.fromkeys(removable),
        headers={"content-type": "application/merge-patch+json"},
    )
    task = answer.json()
    assert {name: task[name] for name in removable} == {
        name: NULL_MEANS.get(name) for name in removable
    }
    assert await seq_of(ada) == before + 1
    again = await ada.patch(path, dict.fromkeys(removable))
    assert again.json() == task
    assert (await ada.patch(path, {})).json() == task
    assert await seq_of(ada) == before + 1


async def test_when_a_task_was_completed_follows_from_its_status(api: Api) -> None:
    ada = await api.person()
    (task,) = await make(ada, "Task")
    path = f"~/tasks/{task['id']}"
    done = (await ada.patch(path, {"status": "completed"})).json()
    assert done["completed_at"] == done["updated_at"]
    renamed = (await ada.patch(path, {"status": "completed", "title": "T"})).json()
    assert renamed["completed_at"] == done["completed_at"]
    for status in ("pending", "in_progress", "cancelled"):
        assert (await ada.patch(path, {"status": status})).json()["completed_at"] is None
        assert (await ada.patch(path, {"status": "completed"})).json()["completed_at"]


async def test_a_removed_task_is_gone_and_its_sub_tasks_stay(api: Api) -> None:
    ada = await api.person()
    (parent,) = await make(ada, "Parent")
    child, other = await make(ada, "Child", "Other", parent_id=parent["id"])
    await ada.made(f"~/tasks/{parent['id']}/comments", {"body": "Note"})
    await ada.made(f"~/tasks/{other['id']}/relations", {"kind": "blocks", "task_id": parent["id"]})
    before = await seq_of(ada)
    answer = await ada.delete(f"~/tasks/{parent['number']}")
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["tidework-seq"] == str(before + 1) == str(await seq_of(ada))
    for method in ("GET", "PATCH", "DELETE"):
        body = {"title": "x"} if method == "PATCH" else None
        again = await ada.call(method, f"~/tasks/{parent['id']}", body)
        assert code(again) == (404, "not_found")
    for orphan in (child, other):
        found = (await ada.get(f"~/tasks/{orphan['id']}")).json()
        assert (found["parent_id"], found["version"]) == (None, before + 1)
    assert await items(ada, f"~/tasks/{other['id']}/relations") == []
    # A number is never given again.
    await ada.delete(f"~/tasks/{other['id']}")
    assert (await ada.made("~/tasks", {"title": "New"}))["number"] == 4


NOT_THERE = ["0", "2", "9" * 15, "9" * 400, "-1", "1.0", "x", "%00", NOBODY, "%D9%A3"]


async def test_a_task_that_is_not_there(api: Api) -> None:
    ada = await api.person()
    await make(ada, "Task")
    for key in NOT_THERE:
        for method in ("GET", "PATCH", "DELETE"):
            body = {"title": "x"} if method == "PATCH" else None
            answer = await ada.call(method, f"~/tasks/{key}", body)
            assert code(answer)[0] == (405 if key == "batch" else 404), key


MATCHING = ['"{v}"', 'W/"{v}"', '"x", "{v}"', 'W/"1",W/"{v}" , "z"', "*", " * "]
OTHER = ['"0"', 'W/"0"', '"s{v}"', '""', '"{v}x"', '"-{v}"', '"x", "y"', f'"{"9" * 30}"']
GARBAGE = ["{v}", "nonsense", '"{v}', '*, "{v}"', '"a" "b"', ","]


async def test_if_match_holds_back_changes_of_what_has_changed(api: Api) -> None:
    ada = await api.person()
    task, comment_of = await make(ada, "Task", "Commented")
    project = await ada.made("~/projects", {"name": "P"})
    label = await ada.made("~/labels", {"name": "L"})
    comment = await ada.made(f"~/tasks/{comment_of['id']}/comments", {"body": "B"})
    await api.team(ada, "editor")
    member = (await items(ada, "~/members"))[1]
    workspace = (await ada.get("~")).json()
    shared = ada.workspace
    for at, path, version, change in (
        (task["workspace_id"], f"~/tasks/{task['id']}", task["version"], "title"),
        (task["workspace_id"], f"~/projects/{project['id']}", project["version"], "name"),
        (task["workspace_id"], f"~/labels/{label['id']}", label["version"], "name"),
        (task["workspace_id"], f"~/comments/{comment['id']}", comment["version"], "body"),
        (shared, f"~/members/{member['user_id']}", member["version"], "role"),
        (shared, "~", workspace["version"], "name"),
    ):
        ada.workspace = at
        body = {change: "viewer" if change == "role" else "New"}
        before = await seq_of(ada)
        for method in ("PATCH", "DELETE"):
            given = body if method == "PATCH" else None
            for header in OTHER:
                match = {"if-match": header.replace("{v}", str(version))}
                answer = await ada.call(method, path, given, headers=match)
                assert code(answer) == (412, "precondition_failed"), (path, header)
            for header in GARBAGE:
                match = {"if-match": header.replace("{v}", str(version))}
                answer = await ada.call(method, path, given, headers=match)
                assert code(answer) == (400, "malformed"), (path, header)
        # What would change nothing is no less bound to what it says it has read.
        same = {"role": "editor"} if change == "role" else {"body": "B"} if change == "body" else {}
        stale = await ada.patch(path, same, headers={"if-match": '"0"'})
        assert stale.status_code == 412, path
        assert await seq_of(ada) == before
        for index, header in enumerate(MATCHING):
            body = {change: ["viewer", "editor"][index % 2] if change == "role" else f"N{index}"}
            match = {"if-match": header.replace("{v}", str(version))}
            answer = await ada.patch(path, body, headers=match)
            assert answer.status_code == 200, (path, header, answer.text)
            version = answer.json()["version"]
            assert answer.headers["etag"] == f'"{version}"', path
        gone = await ada.delete(path, headers={"if-match": f'W/"{version}"'})
        assert gone.status_code == 204, path


async def test_an_unchanged_answer_is_304_and_a_changed_one_is_not(api: Api) -> None:
    ada, eva = await workspace_of(api, "viewer")
    (task,) = await make(ada, "Task")
    project = await ada.made("~/projects", {"name": "P"})
    label = await ada.made("~/labels", {"name": "L"})
    comment = await ada.made(f"~/tasks/{task['id']}/comments", {"body": "B"})
    one = f"~/tasks/{task['id']}"
    paths = [
        "/workspaces", "~", "~/members", "~/projects", f"~/projects/{project['id']}", "~/labels",
        f"~/labels/{label['id']}", "~/tasks", "~/tasks?q=task", "~/tasks?overdue=true&total=true",
        "~/tasks?assignee=me", one, f"{one}/comments", f"~/comments/{comment['id']}",
        f"{one}/relations", f"{one}/history", "~/stats", "~/changes",
    ]  # fmt: skip
    tags = {}
    for path in paths:
        answer = await eva.get(path)
        assert answer.status_code == 200, (path, answer.text)
        tags[path] = answer.headers["etag"]
        weak = tags[path].removeprefix("W/")
        for header in (tags[path], f"W/{weak}", f'"other", {weak}', "*"):
            for _ in range(2):
                same = await eva.get(path, headers={"if-none-match": header})
                assert (same.status_code, same.content) == (304, b""), (path, header)
                assert same.headers["etag"] == tags[path], path
        for header in ('"other"', "nonsense", '"'):
            other = await eva.get(path, headers={"if-none-match": header})
            assert (other.status_code, other.content) == (200, answer.content), (path, header)
    await make(ada, "Another task")
    entities = {one, "~", f"~/projects/{project['id']}", f"~/labels/{label['id']}",
                f"~/comments/{comment['id']}"}  # fmt: skip
    for path in paths:
        answer = await eva.get(path, headers={"if-none-match": tags[path]})
        if path in entities:
            assert answer.status_code == 304, path
    await ada.patch(one, {"title": "New"})
    for path in (one, "~/tasks", "~/tasks?q=task", f"{one}/history", "~/changes"):
        assert (await eva.get(path, headers={"if-none-match": tags[path]})).status_code == 200, path
    # What the caller is, is a part of what a workspace says.
    member = f"~/members/{eva.id}"
    await ada.patch(member, {"role": "editor"})
    assert (await eva.get("~", headers={"if-none-match": tags["~"]})).json()["role"] == "editor"
    editors = (await eva.get("~")).headers["etag"]
    await ada.patch(member, {"role": "owner"})
    assert (await eva.get("~", headers={"if-none-match": editors})).json()["role"] == "owner"


async def test_a_repeated_post_with_its_key_happens_once(api: Api) -> None:
    ada = await api.person()
    (task,) = await make(ada, "Task")
    key = {"idempotency-key": "k-1"}
    posts: list[tuple[str, Any]] = [
        ("~/tasks", {"title": "Once"}),
        ("~/tasks/batch", {"operations": [{"op": "create", "data": {"title": "Batch"}}]}),
        (f"~/tasks/{task['id']}/comments", {"body": "Once"}),
        (f"~/tasks/{task['id']}/relations", {"kind": "blocks", "task_id": None}),
        ("~/projects", {"name": "Once"}),
        ("~/labels", {"name": "Once"}),
        ("~/undo", {"seq": None}),
        ("/workspaces", {"name": "Once"}),
    ]
    for number, (path, body) in enumerate(posts):
        if "task_id" in body:
            body["task_id"] = (await make(ada, "Other"))[0]["id"]
        if "seq" in body:
            body["seq"] = await seq_of(ada)
        key = {"idempotency-key": f"key-{number}"}
        first = await ada.post(path, body, headers=key)
        assert first.status_code in (200, 201), (path, first.text)
        before = await seq_of(ada)
        again = await ada.post(path, body, headers=key)
        assert again.status_code == first.status_code
        assert again.content == first.content, path
        for name in ("etag", "location", "tidework-seq"):
            assert again.headers.get(name) == first.headers.get(name), (path, name)
        assert await seq_of(ada) == before
        other = await ada.post(path, {**body, "x": 1}, headers=key)
        assert other.json()["errors"][0]["code"] == "idempotency_key_reused"
    assert len(await items(ada, "/workspaces")) == 2
