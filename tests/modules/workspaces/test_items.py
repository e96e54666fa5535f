"""Projects and labels: their names, and what becomes of tasks when they go."""

import asyncio
from typing import Any

from tests.modules.tasks.world import code, items, logged, make, pointer, seq_of, workspace_of
from tests.services.api import Api

SAME_NAMES = (
    ("Straße", "STRASSE"), ("caf\u00e9", "cafe\u0301"), ("ﬁne", "FINE"), ("\uff21pollo", "apollo"),
    ("x", " X\n"), ("İstanbul", "i\u0307stanbul"), ("Σίσυφος", "σίσυφοσ"),
)  # fmt: skip
OTHER_NAMES = (("cafe", "café"), ("a b", "ab"), ("\u0451", "\u0435"), ("x", "\u0445"))
WRONG: list[tuple[str, Any]] = [
    *(("name", value) for value in (None, 7, "", " ", "x" * 101, "a\x00b", "a\tb", "\x85", ["x"])),
    *(("color", value) for value in ("red", "#12345", "#1234567", "#12345g", "123456", "#12345\n", 7, "")),
    ("id", "x"), ("name_key", "x"), ("version", 1), ("created_at", "x"),
]  # fmt: skip
OF_PROJECTS: list[tuple[str, Any]] = [
    *(("description", value) for value in (None, 7, "x" * 65_537)),
    *(("archived", value) for value in (None, "true", 1)),
]


async def test_projects_and_labels_from_their_making_to_their_end(api: Api) -> None:
    ada, eva = await workspace_of(api, "viewer")
    for kind, more in (("project", {"description": "", "archived": False}), ("label", {})):
        before = await seq_of(ada)
        path = f"~/{kind}s"
        assert await items(eva, path) == []
        answer = await ada.post(path, {"name": "  Beta "})
        assert answer.status_code == 201
        made = answer.json()
        assert made == {
            "id": made["id"], "name": "Beta", **more, "color": None, "created_at": made["created_at"],
            "updated_at": made["created_at"], "version": before + 1,
        }  # fmt: skip
        one = f"{path}/{made['id']}"
        assert answer.headers["location"] == f"/api/v1/workspaces/{ada.workspace}{one[1:]}"
        assert (await eva.get(one)).json() == made
        assert (await eva.get(f"{path}/{made['id'].upper()}")).json() == made
        values: dict[str, Any] = {"name": "Zeta", "color": "#12aBcD"}
        if kind == "project":
            values |= {"description": "D", "archived": True}
        full = await ada.made(path, {**values, "name": "alpha"})
        assert {name: full[name] for name in values} == {**values, "name": "alpha"}
        version = before + 2
        for name, value in values.items():
            changed = (await ada.patch(one, {name: value})).json()
            version += 1
            assert (changed[name], changed["version"]) == (value, version)
            same = await ada.patch(one, {name: value})
            assert (same.json(), same.headers["tidework-seq"]) == (changed, str(version))
        assert (await ada.patch(one, {})).json() == changed
        assert (await ada.patch(one, {"color": None})).json()["color"] is None
        # By name, whatever its case.
        assert [one["name"] for one in await items(eva, path)] == ["alpha", "Zeta"]
        for name, value in [*WRONG, *(OF_PROJECTS if kind == "project" else [])]:
            for answer in (
                await ada.post(path, {"name": "x", name: value}),
                await ada.patch(one, {name: value}),
            ):
                assert pointer(answer) == f"/{name}", (name, value)
        assert pointer(await ada.post(path, {"color": None})) == "/name"
        assert (await ada.delete(one)).status_code == 204
        for method in ("GET", "PATCH", "DELETE"):
            body = {"name": "x"} if method == "PATCH" else None
            assert code(await ada.call(method, one, body)) == (404, "not_found")
        assert code(await ada.get(f"{path}/x")) == (404, "not_found")
        assert await seq_of(ada) == version + 2


async def test_a_name_is_there_once_however_it_is_spelled(api: Api) -> None:
    ada = await api.person()
    for path in ("~/projects", "~/labels"):
        for name, same in SAME_NAMES:
            made = await ada.made(path, {"name": name})
            other = await ada.made(path, {"name": "Other"})
            before = await seq_of(ada)
            assert code(await ada.post(path, {"name": same})) == (409, "name_taken"), same
            one = f"{path}/{other['id']}"
            assert code(await ada.patch(one, {"name": same})) == (409, "name_taken"), same
            assert await seq_of(ada) == before
            # Its own name it may spell another way.
            mine = await ada.patch(f"{path}/{made['id']}", {"name": same})
            assert mine.json()["name"] == same.strip()
            for gone in (made, other):
                await ada.delete(f"{path}/{gone['id']}")
        for name, other_name in OTHER_NAMES:
            for text in (name, other_name):
                made = await ada.made(path, {"name": text})
            for gone in await items(ada, path):
                await ada.delete(f"{path}/{gone['id']}")
    # A project and a label may share a name; many at once cannot.
    for path in ("~/projects", "~/labels"):
        answers = await asyncio.gather(
            *(ada.post(path, {"name": name}) for name in ("One", "ONE", "one", "oNe"))
        )
        assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    (stranger,) = await workspace_of(api)
    assert (await stranger.post("~/labels", {"name": "One"})).status_code == 201


async def test_tasks_outlive_their_project_and_labels(api: Api) -> None:
    ada = await api.person()
    project, kept = [await ada.made("~/projects", {"name": name}) for name in ("P", "Kept")]
    first, second = [await ada.made("~/labels", {"name": name}) for name in ("one", "two")]
    both = [first["id"], second["id"]]
    a, b = await make(ada, "a", "b", project_id=project["id"], label_ids=both)
    (c,) = await make(ada, "c", project_id=kept["id"], label_ids=both[1:])
    for path, field, left in (
        (f"~/projects/{project['id']}", "project_id", None),
        (f"~/labels/{first['id']}", "label_ids", both[1:]),
    ):
        before = await seq_of(ada)
        gone = await ada.delete(path)
        assert gone.headers["tidework-seq"] == str(before + 1) == str(await seq_of(ada))
        assert len(await logged(ada, before)) == 3
        for task in (a, b):
            found = (await ada.get(f"~/tasks/{task['id']}")).json()
            assert (found[field], found["version"]) == (left, before + 1)
        assert (await ada.get(f"~/tasks/{c['id']}")).json() == c
    # While tasks are being given it, it goes all the same, and no task is left with it.
    answers = await asyncio.gather(
        *(ada.post("~/tasks", {"title": "x", "project_id": kept["id"]}) for _ in range(10)),
        ada.delete(f"~/projects/{kept['id']}"),
        *(ada.post("~/tasks", {"title": "x", "label_ids": both[1:]}) for _ in range(10)),
        ada.delete(f"~/labels/{second['id']}"),
    )
    assert answers[10].status_code == answers[21].status_code == 204
    assert {answer.status_code for answer in answers} <= {201, 204, 422}
    for task in await items(ada, "~/tasks?limit=100"):
        assert (task["project_id"], task["label_ids"]) == (None, [])
