"""Comments: who may say and change what, and reading them page by page."""

import asyncio

from tests.modules.tasks.world import NOBODY, code, items, make, pointer, seq_of, workspace_of
from tests.services.api import Api


async def test_a_comment_is_its_authors(api: Api) -> None:
    ada, eva, ivo, kai, leo = await workspace_of(api, "owner", "editor", "commenter", "viewer")
    (task,) = await make(ada, "Task")
    path = f"~/tasks/{task['number']}/comments"
    before = await seq_of(kai)
    answer = await kai.post(path, {"body": " As it is \n"})
    assert answer.status_code == 201
    comment = answer.json()
    assert comment == {
        "id": comment["id"],
        "task_id": task["id"],
        "author_id": kai.id,
        "body": " As it is \n",
        "created_at": comment["created_at"],
        "updated_at": comment["created_at"],
        "version": before + 1,
    }
    one = f"~/comments/{comment['id']}"
    assert answer.headers["location"] == f"/api/v1/workspaces/{ada.workspace}{one[1:]}"
    assert (await leo.get(one)).json() == comment
    assert await items(leo, path) == [comment]
    # A comment changes nothing of its task.
    assert (await ada.get(f"~/tasks/{task['id']}")).json() == task
    for other in (ada, eva, ivo, leo):
        assert code(await other.patch(one, {"body": "x"})) == (403, "forbidden")
    for other in (ivo, leo):
        assert code(await other.delete(one)) == (403, "forbidden")
    assert code(await leo.post(path, {"body": "x"})) == (403, "forbidden")
    assert await seq_of(ada) == before + 1
    changed = (await kai.patch(one, {"body": "New"})).json()
    assert changed == {
        **comment,
        "body": "New",
        "updated_at": changed["updated_at"],
        "version": before + 2,
    }
    assert changed["updated_at"] > comment["updated_at"]
    same = await kai.patch(one, {"body": "New"})
    assert (same.json(), same.headers["tidework-seq"]) == (changed, str(before + 2))
    assert await seq_of(ada) == before + 2
    # Owners keep order: they may remove what others said, but not put words into their mouths.
    assert (await eva.delete(one)).status_code == 204
    for method in ("GET", "PATCH", "DELETE"):
        body = {"body": "x"} if method == "PATCH" else None
        assert code(await kai.call(method, one, body)) == (404, "not_found")
    mine = await kai.made(path, {"body": "Mine"})
    assert (await kai.delete(f"~/comments/{mine['id']}")).status_code == 204
    # Whoever was demoted to looking on cannot change even their own.
    last = await kai.made(path, {"body": "Last"})
    await ada.patch(f"~/members/{kai.id}", {"role": "viewer"})
    for method in ("PATCH", "DELETE"):
        body = {"body": "x"} if method == "PATCH" else None
        refused = await kai.call(method, f"~/comments/{last['id']}", body)
        assert code(refused) == (403, "forbidden")


async def test_what_a_comment_may_say(api: Api) -> None:
    ada = await api.person()
    (task,) = await make(ada, "Task")
    path = f"~/tasks/{task['id']}/comments"
    longest = "\U0001f600" * 65_536
    kept = await ada.made(path, {"body": longest})
    assert (await ada.get(f"~/comments/{kept['id']}")).json()["body"] == longest
    before = await seq_of(ada)
    for body in ("", " ", "\n\t\u2003", longest + "x", None, 7, ["x"]):
        for answer in (
            await ada.post(path, {"body": body}),
            await ada.patch(f"~/comments/{kept['id']}", {"body": body}),
        ):
            assert pointer(answer) == "/body"
    assert pointer(await ada.post(path, {})) == "/body"
    assert pointer(await ada.post(path, {"body": "x", "author_id": ada.id})) == "/author_id"
    for missing in (NOBODY, "2", "x"):
        answer = await ada.post(f"~/tasks/{missing}/comments", {"body": "x"})
        assert code(answer) == (404, "not_found")
        assert code(await ada.get(f"~/tasks/{missing}/comments")) == (404, "not_found")
    assert code(await ada.get("~/comments/x")) == (404, "not_found")
    assert await seq_of(ada) == before


async def test_comments_page_by_page(api: Api) -> None:
    ada = await api.person()
    task, other = await make(ada, "Task", "Other")
    path = f"~/tasks/{task['id']}/comments"
    await ada.made(f"~/tasks/{other['id']}/comments", {"body": "Elsewhere"})
    await asyncio.gather(*(ada.made(path, {"body": str(number)}) for number in range(25)))
    everything = (await ada.get(f"{path}?limit=100")).json()
    assert everything["next_cursor"] is None
    assert sorted(int(one["body"]) for one in everything["items"]) == list(range(25))
    order = [(one["created_at"], one["id"]) for one in everything["items"]]
    assert order == sorted(order)
    found, cursor = [], ""
    while True:
        page = (await ada.get(f"{path}?limit=7{cursor}")).json()
        found += page["items"]
        if page["next_cursor"] is None:
            break
        assert len(page["items"]) == 7
        cursor = f"&cursor={page['next_cursor']}"
        # What goes meanwhile is not missed, what comes is at the end.
        await ada.delete(f"~/comments/{page['items'][-1]['id']}")
    assert found == everything["items"]
    assert len((await ada.get(path)).json()["items"]) == 20
