"""Ids of another workspace, in every place where an id can stand: unknown, and nothing happens."""

from typing import Any

from tests.modules.tasks.world import code, items, make, pointer, seq_of, workspace_of
from tests.services.api import Api, Person

from tidework.ids import new_id


class Furnished:
    """A workspace with one of everything, and its owner."""

    def __init__(self, owner: Person, member: Person) -> None:
        self.owner = owner
        self.member = member.id
        self.project = self.label = self.task = self.other = self.comment = ""

    async def fill(self) -> "Furnished":
        owner = self.owner
        self.project = (await owner.made("~/projects", {"name": "P"}))["id"]
        self.label = (await owner.made("~/labels", {"name": "L"}))["id"]
        # More tasks on one side, so that numbers of the one are not numbers of the other.
        task, other = await make(owner, "Secret", "Other")
        self.task, self.other = task["id"], other["id"]
        self.comment = (await owner.made(f"~/tasks/{self.task}/comments", {"body": "C"}))["id"]
        relation = {"kind": "blocks", "task_id": self.other}
        await owner.made(f"~/tasks/{self.task}/relations", relation)
        return self


def in_fields(theirs: Furnished) -> list[tuple[str, Any, str]]:
    """Fields of a task that name something of another workspace."""
    return [
        ("project_id", theirs.project, "/project_id"),
        ("parent_id", theirs.task, "/parent_id"),
        ("assignee_id", theirs.member, "/assignee_id"),
        ("label_ids", [theirs.label], "/label_ids/0"),
        ("position", {"after": theirs.task}, "/position/after"),
        ("position", {"before": theirs.task}, "/position/before"),
        ("position", {"after": None, "before": theirs.task}, "/position/before"),
    ]


async def test_ids_of_another_workspace_are_unknown_everywhere(api: Api) -> None:
    # A stranger to the other workspace learns no more than a member of both.
    ada, eva = await workspace_of(api, "editor")
    ours = await Furnished(ada, eva).fill()
    (ivo, kai) = await workspace_of(api, "editor")
    theirs = await Furnished(ivo, kai).fill()
    (both,) = await workspace_of(api)
    inside = await Furnished(both, both).fill()
    await both.made("~/members", {"email": ada.email, "role": "owner"})
    for foreign in (theirs, inside):
        await unknown_in_paths(ours, foreign)
        await unknown_in_bodies(ours, foreign)
        await unknown_in_filters(ours, foreign)


async def unknown_in_paths(ours: Furnished, theirs: Furnished) -> None:
    ada = ours.owner
    before = await seq_of(ada), await seq_of(theirs.owner)
    relation = f"relations/blocks/{theirs.other}"
    calls: list[tuple[str, str, Any]] = [
        *((method, f"~/tasks/{theirs.task}", {"title": "x"}) for method in ("GET", "PATCH", "DELETE")),
        *((method, f"~/comments/{theirs.comment}", {"body": "x"}) for method in ("GET", "PATCH", "DELETE")),
        *((method, f"~/projects/{theirs.project}", {"name": "x"}) for method in ("GET", "PATCH", "DELETE")),
        *((method, f"~/labels/{theirs.label}", {"name": "x"}) for method in ("GET", "PATCH", "DELETE")),
        *((method, f"~/members/{theirs.member}", {"role": "viewer"}) for method in ("PATCH", "DELETE")),
        *(("GET", f"~/tasks/{theirs.task}/{what}", None) for what in ("comments", "relations", "history")),
        ("POST", f"~/tasks/{theirs.task}/comments", {"body": "x"}),
        ("POST", f"~/tasks/{theirs.task}/relations", {"kind": "blocks", "task_id": ours.task}),
        ("DELETE", f"~/tasks/{theirs.task}/{relation}", None),
        ("DELETE", f"~/tasks/{ours.task}/{relation}", None),
        # The right kind of thing, of another kind.
        ("GET", f"~/tasks/{ours.comment}", None),
        ("GET", f"~/projects/{ours.label}", None),
        ("GET", f"~/labels/{ours.project}", None),
        ("GET", f"~/comments/{ours.task}", None),
        ("PATCH", f"~/members/{ours.task}", {"role": "viewer"}),
    ]  # fmt: skip
    for method, path, body in calls:
        answer = await ada.call(method, path, body if method in ("POST", "PATCH") else None)
        assert code(answer) == (404, "not_found"), (method, path)
        assert "Secret" not in answer.text
    assert (await seq_of(ada), await seq_of(theirs.owner)) == before


async def unknown_in_bodies(ours: Furnished, theirs: Furnished) -> None:
    ada = ours.owner
    before = await seq_of(ada), await seq_of(theirs.owner)
    path = "~/tasks/batch"
    for field, value, where in in_fields(theirs):
        data = {"title": "x", field: value}
        assert pointer(await ada.post("~/tasks", data)) == where
        assert pointer(await ada.patch(f"~/tasks/{ours.task}", {field: value})) == where
        create = {"operations": [{"op": "create", "data": data}]}
        assert pointer(await ada.post(path, create)) == f"/operations/0/data{where}"
        change = {"operations": [{"op": "update", "id": ours.task, "data": {field: value}}]}
        assert pointer(await ada.post(path, change)) == f"/operations/0/data{where}"
    for operation in (
        {"op": "update", "id": theirs.task, "data": {"title": "x"}},
        {"op": "delete", "id": theirs.task},
    ):
        assert code(await ada.post(path, {"operations": [operation]})) == (404, "not_found")
    for kind in ("blocks", "blocked_by", "duplicates", "duplicated_by", "relates_to"):
        body = {"kind": kind, "task_id": theirs.task}
        assert pointer(await ada.post(f"~/tasks/{ours.task}/relations", body)) == "/task_id"
    assert (await seq_of(ada), await seq_of(theirs.owner)) == before
    # An id is a name within its workspace: one that is used elsewhere is free, and tells nothing.
    made = await ada.post(
        path, {"operations": [{"op": "create", "id": theirs.task, "data": {"title": "Mine"}}]}
    )
    assert made.status_code == 200
    assert (await ada.get(f"~/tasks/{theirs.task}")).json()["title"] == "Mine"
    assert (await theirs.owner.get(f"~/tasks/{theirs.task}")).json()["title"] == "Secret"
    await ada.delete(f"~/tasks/{theirs.task}")
    assert (await theirs.owner.get(f"~/tasks/{theirs.task}")).json()["title"] == "Secret"


async def unknown_in_filters(ours: Furnished, theirs: Furnished) -> None:
    ada = ours.owner
    assert len(await items(ada, "~/tasks")) == 2
    for query in (
        f"assignee={theirs.member}", f"project={theirs.project}", f"label={theirs.label}",
        f"parent={theirs.task}", f"project={theirs.project},{new_id()}",
    ):  # fmt: skip
        assert (await ada.get(f"~/tasks?{query}&total=true")).json()["total"] == 0, query
    cursor = (await theirs.owner.get("~/tasks?limit=1")).json()["next_cursor"]
    assert pointer(await ada.get(f"~/tasks?limit=100&cursor={cursor}")) == "?cursor"
    for path in ("~/changes", "~/stats", "~/members", "~/projects", "~/labels"):
        text = (await ada.get(path)).text
        for foreign in (theirs.task, theirs.project, theirs.label, theirs.comment):
            assert foreign not in text or path == "~/changes", path
