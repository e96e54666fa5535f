"""Who may do what: every route for every kind of caller, and changes of rights that bind at once."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from tests.modules.tasks.world import code, items, make, seq_of, workspace_of
from tests.services.api import Api, Person

from tidework.composition import open_services
from tidework.errors import Conflict, Forbidden
from tidework.http.context import Credential, Membership, Principal, RequestContext, Role
from tidework.tasks.schemas import BatchCreate, TaskCreate, TaskPatch

ROLES = ("owner", "editor", "commenter", "viewer")
Ids = dict[str, str]
Route = tuple[str, str, Callable[[Ids], Any], str]


def nothing(_: Ids) -> None:
    return None


# Method, path, body, and the lowest role that may: each with something of its own, so that one call
# does not take away what the next one needs.
READING: list[Route] = [
    ("GET", path, nothing, "viewer")
    for path in (
        "~", "~/members", "~/projects", "~/projects/{project}", "~/labels", "~/labels/{label}",
        "~/tasks", "~/tasks?q=task", "~/tasks/{task}", "~/tasks/1", "~/tasks/{task}/comments",
        "~/comments/{comment}", "~/tasks/{task}/relations", "~/tasks/{task}/history", "~/stats",
        "~/changes",
    )
]  # fmt: skip
WRITING: list[Route] = [
    ("POST", "~/tasks/{task}/comments", lambda _: {"body": "B"}, "commenter"),
    ("POST", "~/tasks", lambda _: {"title": "T"}, "editor"),
    ("PATCH", "~/tasks/{task}", lambda _: {"description": "D"}, "editor"),
    ("POST", "~/tasks/batch", lambda _: {"operations": [{"op": "create", "data": {"title": "T"}}]}, "editor"),
    ("POST", "~/tasks/{task}/relations", lambda ids: {"kind": "blocks", "task_id": ids["other"]}, "editor"),
    ("DELETE", "~/tasks/{task}/relations/blocks/{other}", nothing, "editor"),
    ("POST", "~/undo", lambda ids: {"seq": int(ids["seq"])}, "editor"),
    ("DELETE", "~/tasks/{doomed}", nothing, "editor"),
    ("POST", "~/projects", lambda _: {"name": "New"}, "editor"),
    ("PATCH", "~/projects/{project}", lambda _: {"archived": True}, "editor"),
    ("DELETE", "~/projects/{project}", nothing, "editor"),
    ("POST", "~/labels", lambda _: {"name": "New"}, "editor"),
    ("PATCH", "~/labels/{label}", lambda _: {"color": "#123456"}, "editor"),
    ("DELETE", "~/labels/{label}", nothing, "editor"),
    ("PATCH", "~", lambda _: {"name": "New"}, "owner"),
    ("POST", "~/members", lambda ids: {"email": ids["email"], "role": "viewer"}, "owner"),
    ("PATCH", "~/members/{member}", lambda _: {"role": "commenter"}, "owner"),
    ("DELETE", "~/members/{member}", nothing, "owner"),
]  # fmt: skip
LAST: Route = ("DELETE", "~", nothing, "owner")


async def furnish(owner: Person, member: Person, email: str) -> Ids:
    """Fresh things in a workspace for one caller to try their hands on."""
    task, other, doomed, undone = await make(owner, "Task", "Other", "Doomed", "Undone")
    ids = {"task": task["id"], "other": other["id"], "doomed": doomed["id"], "email": email}
    ids |= {"member": member.id, "workspace": owner.workspace}
    for name in ("project", "label"):
        for old in await items(owner, f"~/{name}s"):
            await owner.delete(f"~/{name}s/{old['id']}")
        ids[name] = (await owner.made(f"~/{name}s", {"name": name}))["id"]
    ids["comment"] = (await owner.made(f"~/tasks/{task['id']}/comments", {"body": "C"}))["id"]
    renamed = await owner.patch(f"~/tasks/{undone['id']}", {"title": "Renamed"})
    ids["seq"] = renamed.headers["tidework-seq"]
    return ids


async def ask(api: Api, person: Person | None, route: Route, ids: Ids) -> httpx.Response:
    method, path, body, _ = route
    if person is not None:
        return await person.call(method, path.format(**ids), body(ids))
    address = f"/api/v1/workspaces/{ids['workspace']}{path[1:].format(**ids)}"
    return await api.client.request(method, address, json=body(ids))


def wanted(route: Route, role: str) -> int:
    method, path, _, lowest = route
    if role not in ROLES:
        return {"anonymous": 401}.get(role, 404)
    if ROLES.index(role) > ROLES.index(lowest):
        return 403
    if method == "DELETE":
        return 204
    return 201 if method == "POST" and not path.endswith(("batch", "undo")) else 200


async def test_every_route_for_every_caller(api: Api) -> None:
    admin = await api.person()
    me = await admin.get("/users/me")
    assert me.json()["role"] == "admin"
    founder, *members = await workspace_of(api, *ROLES, "viewer")
    subject = members.pop()
    strangers = [await api.person() for _ in ROLES]
    outsider = await api.person()
    callers: dict[str, Person | None] = {"outsider": outsider, "admin": admin, "anonymous": None}
    for person in (outsider, admin):
        person.workspace = founder.workspace
    callers |= dict(zip(ROLES, members, strict=True))
    # Those who may do nothing first: what they try must have changed nothing.
    for number, (role, person) in enumerate(reversed(list(callers.items()))):
        if subject.id not in {one["user_id"] for one in await items(founder, "~/members")}:
            await founder.made("~/members", {"email": subject.email, "role": "viewer"})
        ids = await furnish(founder, subject, strangers[number % 4].email)
        for route in [*READING, *WRITING]:
            before = await seq_of(founder)
            answer = await ask(api, person, route, ids)
            assert answer.status_code == wanted(route, role), (role, route[:2], answer.text)
            written = answer.status_code < 300 and route[0] != "GET"
            assert await seq_of(founder) == before + written, (role, route[:2])
            if answer.status_code in (401, 403, 404):
                code(answer)
                assert founder.workspace not in answer.text
            if written:
                assert answer.headers["tidework-seq"] == str(before + 1), (role, route[:2])
        if role != "owner":
            assert (await ask(api, person, LAST, ids)).status_code == wanted(LAST, role)
    # And then it is gone, at once and for everybody.
    assert (await ask(api, members[0], LAST, ids)).status_code == 204
    for person in (founder, *members, outsider, admin):
        for route in [*READING, *WRITING, LAST]:
            answer = await ask(api, person, route, ids)
            assert code(answer) == (404, "not_found"), route[:2]
        mine = [one["id"] for one in await items(person, "/workspaces")]
        assert founder.workspace not in mine


async def test_rights_that_are_taken_bind_on_the_next_request(api: Api) -> None:
    ada, eva = await workspace_of(api, "owner")
    (task,) = await make(ada, "Task")
    one = f"~/tasks/{task['id']}"

    async def statuses() -> list[int]:
        """What Eva is answered, from memory too: reading, commenting, changing, ruling."""
        for path in ("~", "~/tasks", one):
            assert (await eva.get(path)).status_code in (200, 404)
        return [
            (await eva.get("~/tasks")).status_code,
            (await eva.post(f"{one}/comments", {"body": "B"})).status_code,
            (await eva.patch(one, {"description": str(await seq_of(ada))})).status_code,
            (await eva.patch("~", {"name": f"N{await seq_of(ada)}"})).status_code,
        ]

    assert await statuses() == [200, 201, 200, 200]
    for role, expected in (
        ("editor", [200, 201, 200, 403]),
        ("commenter", [200, 201, 403, 403]),
        ("viewer", [200, 403, 403, 403]),
        ("owner", [200, 201, 200, 200]),
    ):
        changed = await ada.patch(f"~/members/{eva.id}", {"role": role})
        assert changed.json()["role"] == role
        assert await statuses() == expected
        assert (await eva.get("~")).json()["role"] == role
    # What was asked before, and could come from memory, is not shown to those who have left.
    tag = (await eva.get("~/tasks")).headers["etag"]
    await ada.delete(f"~/members/{eva.id}")
    assert code(await eva.get("~/tasks", headers={"if-none-match": tag})) == (404, "not_found")
    assert await statuses() == [404] * 4
    await ada.made("~/members", {"email": eva.email, "role": "viewer"})
    assert await statuses() == [200, 403, 403, 403]
    # Leaving binds the one who leaves as well.
    assert (await eva.delete(f"~/members/{eva.id}")).status_code == 204
    assert await statuses() == [404] * 4
    assert code(await eva.delete(f"~/members/{eva.id}")) == (404, "not_found")


async def test_a_workspace_always_has_an_owner(api: Api) -> None:
    ada, eva = await workspace_of(api, "owner")
    members = f"~/members/{eva.id}", f"~/members/{ada.id}"
    # Two owners turn on each other at the same moment: one of them is late.
    for method, body in (("PATCH", {"role": "editor"}), ("DELETE", None)):
        answers = await asyncio.gather(
            ada.call(method, members[0], body), eva.call(method, members[1], body)
        )
        left = [one for one in await items_of_either(ada, eva) if one["role"] == "owner"]
        assert len(left) == 1
        statuses = sorted(answer.status_code for answer in answers)
        assert statuses in ([200, 403], [204, 403], [200, 409], [204, 404], [204, 409]), statuses
        winner, loser = (ada, eva) if left[0]["user_id"] == ada.id else (eva, ada)
        # Nobody is left to rule: neither by a lower role nor by leaving, nor with others around.
        for gone in (
            await winner.patch(f"~/members/{winner.id}", {"role": "viewer"}),
            await winner.delete(f"~/members/{winner.id}"),
        ):
            assert code(gone) == (409, "last_owner")
        same = await winner.patch(f"~/members/{winner.id}", {"role": "owner"})
        assert same.status_code == 200
        if method == "PATCH":
            await winner.patch(f"~/members/{loser.id}", {"role": "owner"})


async def items_of_either(*people: Person) -> list[Any]:
    for person in people:
        answer = await person.get("~/members")
        if answer.status_code == 200:
            found: list[Any] = answer.json()["items"]
            return found
    raise AssertionError("nobody is in any more")


async def test_rights_lost_after_they_were_asked_do_not_count(api: Api) -> None:
    """As between a request's arrival and its commit: what was known then is old by then."""
    ada, eva = await workspace_of(api, "viewer")
    task, other = await make(ada, "Task", "Other")
    label = await ada.made("~/labels", {"name": "L"})
    comment = await ada.made(f"~/tasks/{task['id']}/comments", {"body": "B"})
    one, two, ws = task["id"], other["id"], ada.workspace
    before = await seq_of(ada)
    was = {role: Membership(ws, eva.id, role) for role in ("owner", "editor", "commenter")}

    def asked(role: Role) -> RequestContext:
        context = RequestContext("test", "127.0.0.1", "http", 0.0)
        context.membership = was[role]
        credential = Credential("session", eva.id, "session", 0.0)
        context.principal = Principal(eva.id, "user", eva.workspace, credential)
        return context

    async with open_services(api.settings) as app:
        editor, owner, writing = was["editor"], was["owner"], asked("editor")
        late: list[Awaitable[object]] = [
            app.tasks.create(editor, TaskCreate("x"), writing),
            app.tasks.update(editor, one, TaskPatch(title="x"), writing),
            app.tasks.delete(editor, one, writing),
            app.tasks.batch(editor, [BatchCreate(TaskCreate("x"))], writing),
            app.relations.create(editor, one, "blocks", two, writing),
            app.comments.create(was["commenter"], one, "x", asked("commenter")),
            app.comments.delete(owner, comment["id"], asked("owner")),
            app.log.undo(editor, task["version"], writing),
            app.projects.create(editor, {"name": "x"}, writing),
            app.labels.update(editor, label["id"], {"name": "x"}, writing),
            app.labels.delete(editor, label["id"], writing),
            app.workspaces.rename(owner, "x", asked("owner")),
            app.workspaces.add(
                owner, eva.email.replace("person", "other"), "viewer", asked("owner")
            ),
            app.workspaces.change_role(owner, eva.id, "editor", asked("owner")),
            app.workspaces.remove(owner, ada.id, asked("owner")),
            app.workspaces.delete(owner, asked("owner")),
        ]
        for command in late:
            with pytest.raises((Forbidden, Conflict)):
                await command
    assert await seq_of(ada) == before
