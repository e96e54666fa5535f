"""Taking commits back: of every kind, by whom, and what stands in the way."""

from typing import Any

from tests.modules.tasks.world import (
    code,
    items,
    logged,
    make,
    pointer,
    seq_of,
    workspace_of,
)
from tests.services.api import PASSWORD, Api, Person

from tidework.ids import new_id


async def undo(person: Person, seq: int) -> int:
    """The seq of the commit that took another one back."""
    answer = await person.post("~/undo", {"seq": seq})
    assert answer.status_code == 200, answer.text
    done: int = answer.json()["seq"]
    assert answer.json() == {"seq": done, "undone": seq}
    assert answer.headers["tidework-seq"] == str(done)
    return done


async def state(person: Person) -> dict[str, Any]:
    """Everything in a workspace that undoing has to bring back, without versions and times."""
    tasks = await items(person, "~/tasks?limit=100&sort=number")
    found: dict[str, Any] = {
        "name": (await person.get("~")).json()["name"],
        "members": sorted(
            (one["user_id"], one["role"]) for one in await items(person, "~/members")
        ),
    }
    for name, things in (
        ("tasks", tasks),
        ("projects", await items(person, "~/projects")),
        ("labels", await items(person, "~/labels")),
    ):
        found[name] = [_plain(one) for one in things]
    for task in tasks:
        for kind in ("comments", "relations"):
            listed = await items(person, f"~/tasks/{task['id']}/{kind}")
            found[f"{kind} of {task['title']}"] = [_plain(one) for one in listed]
    return found


def _plain(thing: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in thing.items() if name not in ("version", "updated_at")}


async def furnished(api: Api) -> tuple[Person, Person, dict[str, str]]:
    """A workspace that has one of everything, its owner and an editor."""
    ada, eva = await workspace_of(api, "editor")
    ids = {"eva": eva.id}
    for name in ("project", "label"):
        ids[name] = (await ada.made(f"~/{name}s", {"name": name}))["id"]
    parent, other = await make(ada, "Parent", "Other")
    values = {
        "project_id": ids["project"], "label_ids": [ids["label"]], "assignee_id": eva.id,
        "due_at": "2026-01-01T00:00:00Z", "description": "D",
    }  # fmt: skip
    (task,) = await make(ada, "Task", parent_id=parent["id"], **values)
    (child,) = await make(ada, "Child", parent_id=task["id"], label_ids=[ids["label"]])
    ids |= {"parent": parent["id"], "other": other["id"], "task": task["id"], "child": child["id"]}
    for person in (ada, eva):
        made = await person.made(f"~/tasks/{task['id']}/comments", {"body": person.id})
        ids["comment"] = made["id"]
    for kind in ("blocks", "relates_to"):
        await ada.made(f"~/tasks/{task['id']}/relations", {"kind": kind, "task_id": other["id"]})
    return ada, eva, ids


Command = tuple[str, str, Any]
COMMANDS: dict[str, Command] = {
    "a task is made": ("POST", "~/tasks", {"title": "New", "label_ids": ["{label}"]}),
    "a task is changed": ("PATCH", "~/tasks/{task}", {"title": "New", "due_at": None, "position": "9"}),
    "a task is completed": ("PATCH", "~/tasks/{task}", {"status": "completed"}),
    "a task gets another parent": ("PATCH", "~/tasks/{task}", {"parent_id": "{other}"}),
    "a task is removed with all that hangs on it": ("DELETE", "~/tasks/{task}", None),
    "a parent is removed": ("DELETE", "~/tasks/{parent}", None),
    "a batch": ("POST", "~/tasks/batch", {"operations": [
        {"op": "create", "id": "{new}", "data": {"title": "New", "parent_id": "{task}"}},
        {"op": "update", "id": "{new}", "data": {"title": "Newer"}},
        {"op": "create", "data": {"title": "Newest", "parent_id": "{new}"}},
        {"op": "update", "id": "{child}", "data": {"parent_id": "{new}", "title": "1"}},
        {"op": "update", "id": "{child}", "data": {"parent_id": None, "title": "2"}},
        {"op": "delete", "id": "{task}"},
        {"op": "create", "id": "{brief}", "data": {"title": "Brief"}},
        {"op": "delete", "id": "{brief}"},
    ]}),
    "a comment is made": ("POST", "~/tasks/{task}/comments", {"body": "New"}),
    "a relation is made": ("POST", "~/tasks/{child}/relations", {"kind": "blocked_by", "task_id": "{task}"}),
    "a relation is taken away": ("DELETE", "~/tasks/{task}/relations/blocks/{other}", None),
    "a project is made": ("POST", "~/projects", {"name": "New"}),
    "a project is changed": ("PATCH", "~/projects/{project}", {"name": "New", "archived": True}),
    "a project is removed from its tasks": ("DELETE", "~/projects/{project}", None),
    "a label is made": ("POST", "~/labels", {"name": "New", "color": "#ffffff"}),
    "a label is changed": ("PATCH", "~/labels/{label}", {"name": "LABEL"}),
    "a label is removed from its tasks": ("DELETE", "~/labels/{label}", None),
    "a member is added": ("POST", "~/members", {"email": "{stranger}", "role": "viewer"}),
    "a member gets another role": ("PATCH", "~/members/{eva}", {"role": "commenter"}),
    "a member is removed": ("DELETE", "~/members/{eva}", None),
    "the workspace is renamed": ("PATCH", "~", {"name": "New"}),
}  # fmt: skip


def filled(template: Any, ids: dict[str, str]) -> Any:
    """A template with its {names} replaced."""
    if isinstance(template, str):
        return template.format(**ids) if "{" in template else template
    if isinstance(template, dict):
        return {name: filled(value, ids) for name, value in template.items()}
    if isinstance(template, list):
        return [filled(value, ids) for value in template]
    return template


async def test_every_kind_of_commit_is_taken_back_and_that_too(api: Api) -> None:
    ada, eva, ids = await furnished(api)
    stranger = await api.person()
    for name, (method, path, body) in COMMANDS.items():
        ids |= {"stranger": stranger.email, "new": new_id(), "brief": new_id()}
        before = await state(ada)
        done = await ada.call(method, filled(path, ids), filled(body, ids))
        assert done.status_code < 300, (name, done.text)
        seq = int(done.headers["tidework-seq"])
        after = await state(ada)
        assert after != before, name
        taken_back = await undo(ada, seq)
        assert await state(ada) == before, name
        again = await undo(ada, taken_back)
        assert await state(ada) == after, name
        # One that has been taken back already is not what things are like any more.
        assert code(await ada.post("~/undo", {"seq": taken_back})) == (409, "later_changes"), name
        await undo(ada, again)
        assert await state(ada) == before, name
    # Whoever came back is in again, wherever one looks.
    assert ids["eva"] == eva.id
    assert ada.workspace in [one["id"] for one in await items(eva, "/workspaces")]
    assert ada.workspace not in [one["id"] for one in await items(stranger, "/workspaces")]
    assert code(await stranger.get(f"/workspaces/{ada.workspace}")) == (404, "not_found")
    # All the way back, newest first, to the workspace as it was made; then nothing is left to undo.
    for seq in range(await seq_of(ada), 0, -1):
        answer = await ada.post("~/undo", {"seq": seq})
        if seq == 1:
            assert code(answer) == (409, "founding")
        else:
            assert answer.status_code == 200, (seq, answer.text)
    assert await items(ada, "~/tasks") == []
    assert [one["user_id"] for one in await items(ada, "~/members")] == [ada.id]


async def test_what_came_later_stands_in_the_way(api: Api) -> None:
    ada, eva, ids = await furnished(api)
    stranger = await api.person()
    ids["stranger"] = stranger.email
    cases: list[tuple[Command, Command]] = [
        (COMMANDS["a task is changed"], ("PATCH", "~/tasks/{task}", {"title": "Newer"})),
        (COMMANDS["a task is changed"], ("DELETE", "~/tasks/{task}", None)),
        (COMMANDS["a task is made"], ("PATCH", "~/tasks/{made}", {"title": "Newer"})),
        (COMMANDS["a task is made"], ("DELETE", "~/tasks/{made}", None)),
        (COMMANDS["a task is made"], ("POST", "~/tasks/{made}/comments", {"body": "B"})),
        (COMMANDS["a task is made"], ("POST", "~/tasks", {"title": "C", "parent_id": "{made}"})),
        (COMMANDS["a task is made"],
         ("POST", "~/tasks/{task}/relations", {"kind": "blocks", "task_id": "{made}"})),
        (("PATCH", "~/tasks/{task}", {"project_id": None}), ("DELETE", "~/projects/{project}", None)),
        (("PATCH", "~/tasks/{task}", {"label_ids": []}), ("DELETE", "~/labels/{label}", None)),
        (("PATCH", "~/tasks/{task}", {"parent_id": None}), ("DELETE", "~/tasks/{parent}", None)),
        (("PATCH", "~/tasks/{task}", {"assignee_id": None}), ("DELETE", "~/members/{eva}", None)),
        (("DELETE", "~/tasks/{task}", None), ("DELETE", "~/projects/{project}", None)),
        (("DELETE", "~/tasks/{task}", None), ("DELETE", "~/tasks/{other}", None)),
        (("DELETE", "~/tasks/{task}", None), ("PATCH", "~/tasks/{child}", {"parent_id": "{other}"})),
        (("DELETE", "~/tasks/{task}/relations/blocks/{other}", None),
         ("POST", "~/tasks/{task}/relations", {"kind": "blocks", "task_id": "{other}"})),
        (("DELETE", "~/tasks/{task}/relations/blocks/{other}", None),
         ("DELETE", "~/tasks/{other}", None)),
        (COMMANDS["a project is made"], ("PATCH", "~/tasks/{task}", {"project_id": "{made}"})),
        (COMMANDS["a label is made"], ("PATCH", "~/tasks/{task}", {"label_ids": ["{made}"]})),
        (COMMANDS["a label is made"], ("DELETE", "~/labels/{made}", None)),
        (COMMANDS["a label is changed"], ("PATCH", "~/labels/{label}", {"name": "Newer"})),
        (("DELETE", "~/projects/{project}", None), ("POST", "~/projects", {"name": "PROJECT"})),
        (("PATCH", "~/labels/{label}", {"name": "Free"}), ("POST", "~/labels", {"name": "Label"})),
        (("DELETE", "~/projects/{project}", None), ("DELETE", "~/tasks/{task}", None)),
        (COMMANDS["a member is added"], ("PATCH", "~/tasks/{task}", {"assignee_id": "{made}"})),
        (COMMANDS["a member gets another role"], ("PATCH", "~/members/{eva}", {"role": "viewer"})),
        (COMMANDS["a member is removed"], ("POST", "~/members", {"email": "{eva_email}"})),
        (COMMANDS["the workspace is renamed"], ("PATCH", "~", {"name": "Newer"})),
        # What would close a circle.
        (("DELETE", "~/tasks/{task}/relations/blocks/{other}", None),
         ("POST", "~/tasks/{other}/relations", {"kind": "blocks", "task_id": "{task}"})),
        (("PATCH", "~/tasks/{task}", {"parent_id": None}),
         ("PATCH", "~/tasks/{parent}", {"parent_id": "{child}"})),
        (("DELETE", "~/tasks/{task}", None), ("PATCH", "~/tasks/{parent}", {"parent_id": "{child}"})),
    ]  # fmt: skip
    ids["eva_email"] = eva.email
    for first, second in cases:
        seqs = []
        for method, path, body in (first, second):
            done = await ada.call(method, filled(path, ids), filled(body, ids))
            assert done.status_code < 300, (first, second, done.text)
            seqs.append(int(done.headers["tidework-seq"]))
            if method == "POST" and done.content:
                made = done.json()
                ids["made"] = made.get("id") or made.get("user_id") or ids["made"]
        if first[0] == "POST":
            ids["made"] = (await logged(ada, seqs[0] - 1))[0]["id"]
        before = await state(ada)
        answer = await ada.post("~/undo", {"seq": seqs[0]})
        assert code(answer) == (409, "later_changes"), (first, second, answer.text)
        assert await state(ada) == before
        # Newest first, both can be taken back.
        for seq in reversed(seqs):
            await undo(ada, seq)
    # What does not touch the same fields is not in the way.
    changed = await ada.patch(f"~/tasks/{ids['task']}", {"title": "New"})
    await ada.patch(f"~/tasks/{ids['task']}", {"description": "Newer"})
    await undo(ada, changed.json()["version"])
    left = (await ada.get(f"~/tasks/{ids['task']}")).json()
    assert (left["title"], left["description"]) == ("Task", "Newer")


async def test_who_may_take_back_what(api: Api) -> None:
    ada, eva, ids = await furnished(api)
    ivo, kai, leo = [await api.person() for _ in range(3)]
    for person, role in ((ivo, "editor"), (kai, "commenter"), (leo, "viewer")):
        await ada.made("~/members", {"email": person.email, "role": role})
        person.workspace = ada.workspace
    outsider = await api.person()
    outsider.workspace = ada.workspace
    task = await make(ada, "New")
    seq = task[0]["version"]
    for person in (kai, leo):
        assert code(await person.post("~/undo", {"seq": seq})) == (403, "forbidden")
    assert code(await outsider.post("~/undo", {"seq": seq})) == (404, "not_found")
    await undo(ivo, seq)
    # Members and the name of the workspace are its owners'.
    for method, path, body in (
        COMMANDS["a member gets another role"], COMMANDS["the workspace is renamed"],
        COMMANDS["a member is removed"],
    ):  # fmt: skip
        done = await ada.call(method, filled(path, ids), body)
        seq = int(done.headers["tidework-seq"])
        assert code(await ivo.post("~/undo", {"seq": seq})) == (403, "forbidden")
        await undo(ada, seq)
    # A comment is its author's; owners may do what they could do by hand.
    path = f"~/tasks/{ids['task']}/comments"
    said = await eva.made(path, {"body": "Said"})
    changed = (await eva.patch(f"~/comments/{said['id']}", {"body": "Meant"})).json()
    for seq in (changed["version"], said["version"]):
        assert code(await ivo.post("~/undo", {"seq": seq})) == (403, "forbidden")
    await undo(eva, changed["version"])
    await ada.patch(f"~/members/{eva.id}", {"role": "viewer"})
    assert code(await eva.post("~/undo", {"seq": said["version"]})) == (403, "forbidden")
    removed = await ada.delete(f"~/comments/{said['id']}")
    seq = int(removed.headers["tidework-seq"])
    assert code(await ivo.post("~/undo", {"seq": seq})) == (403, "forbidden")
    await undo(ada, seq)
    # Comments that go with their task come back with it.
    gone = await ivo.delete(f"~/tasks/{ids['task']}")
    back = await undo(ivo, int(gone.headers["tidework-seq"]))
    assert len(await items(ivo, path)) == 3
    await undo(ivo, back)


async def test_who_owns_a_workspace_is_not_undone(api: Api) -> None:
    ada, eva = await workspace_of(api, "editor")
    promoted = await ada.patch(f"~/members/{eva.id}", {"role": "owner"})
    demoted = await ada.patch(f"~/members/{eva.id}", {"role": "viewer"})
    await ada.patch(f"~/members/{eva.id}", {"role": "owner"})
    removed = await ada.delete(f"~/members/{eva.id}")
    before = await seq_of(ada)
    for answer in (promoted, demoted, removed):
        seq = int(answer.headers["tidework-seq"])
        assert code(await ada.post("~/undo", {"seq": seq})) == (409, "owners")
    assert code(await ada.post("~/undo", {"seq": 1})) == (409, "founding")
    for seq in (before + 1, 2**62):
        assert code(await ada.post("~/undo", {"seq": seq})) == (404, "not_found")
    for wrong in (0, -1, 2**63, 10**30, "1", 1.5, None, True):
        assert pointer(await ada.post("~/undo", {"seq": wrong})) == "/seq", wrong
    assert await seq_of(ada) == before


async def test_nobody_comes_back_whose_account_is_gone(api: Api) -> None:
    ada, eva = await workspace_of(api, "editor")
    await make(ada, "Task", assignee_id=eva.id)
    removed = await ada.delete(f"~/members/{eva.id}")
    erased = await eva.call("DELETE", "/users/me", {"password": PASSWORD})
    assert erased.status_code == 204, erased.text
    answer = await ada.post("~/undo", {"seq": int(removed.headers["tidework-seq"])})
    assert code(answer) == (409, "account_gone")
    assert len(await items(ada, "~/members")) == 1


async def test_undoing_moves_nothing_else(api: Api) -> None:
    ada = await api.person()
    (task,) = await make(ada, "Task")
    others = await make(ada, "a", "b")
    renamed = (await ada.patch(f"~/tasks/{task['id']}", {"title": "New"})).json()
    before = await seq_of(ada)
    await undo(ada, renamed["version"])
    (change,) = await logged(ada, before)
    assert (change["op"], change["set"], change["was"]) == (
        "update",
        {"title": "Task"},
        {"title": "New"},
    )
    for other in others:
        assert (await ada.get(f"~/tasks/{other['id']}")).json() == other


async def test_a_large_commit_is_taken_back_whole(api: Api) -> None:
    ada = await api.person()
    made = await make(ada, *(str(number) for number in range(500)))
    removed = await ada.post(
        "~/tasks/batch", {"operations": [{"op": "delete", "id": task["id"]} for task in made]}
    )
    await undo(ada, removed.json()["seq"])
    assert (await ada.get("~/tasks?total=true")).json()["total"] == len(made)
    await undo(ada, made[0]["version"] + 2)
    assert (await ada.get("~/tasks?total=true")).json()["total"] == 0
    assert code(await ada.post("~/undo", {"seq": made[0]["version"]})) == (409, "later_changes")
    assert (await make(ada, "Next"))[0]["number"] == len(made) + 1


async def test_an_author_takes_back_what_an_owner_did_to_their_comment(api: Api) -> None:
    ada, eva = await workspace_of(api, "editor")
    (task,) = await make(ada, "Task")
    said = await eva.made(f"~/tasks/{task['id']}/comments", {"body": "Said"})
    path = f"~/comments/{said['id']}"
    changed = (await eva.patch(path, {"body": "Meant"})).json()
    undone = await undo(ada, changed["version"])
    # Whoever is no owner any more has no right to a text for having changed it once.
    await ada.patch(f"~/members/{eva.id}", {"role": "owner"})
    await eva.patch(f"~/members/{ada.id}", {"role": "editor"})
    assert code(await ada.post("~/undo", {"seq": undone})) == (403, "forbidden")
    await make_owner(eva, ada)
    await ada.patch(f"~/members/{eva.id}", {"role": "editor"})
    await undo(eva, undone)
    assert (await ada.get(path)).json()["body"] == "Meant"


async def make_owner(owner: Person, person: Person) -> None:
    answer = await owner.patch(f"~/members/{person.id}", {"role": "owner"})
    assert answer.status_code == 200, answer.text
