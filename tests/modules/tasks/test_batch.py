"""Many operations in one commit."""

from typing import Any

from tests.modules.tasks.world import (
    NOBODY,
    batch,
    code,
    execute,
    items,
    logged,
    make,
    pointer,
    seq_of,
    titles,
)
from tests.services.api import Api, Person

from tidework.ids import new_id


def create(title: str, own: str | None = None, **fields: Any) -> dict[str, Any]:
    made: dict[str, Any] = {"op": "create", "data": {"title": title, **fields}}
    return made if own is None else {**made, "id": own}


def update(task_id: str, if_match: Any = None, **fields: Any) -> dict[str, Any]:
    made: dict[str, Any] = {"op": "update", "id": task_id, "data": fields}
    return made if if_match is None else {**made, "if_match": if_match}


def delete(task_id: str, if_match: Any = None) -> dict[str, Any]:
    made: dict[str, Any] = {"op": "delete", "id": task_id}
    return made if if_match is None else {**made, "if_match": if_match}


async def send(person: Person, *operations: dict[str, Any]) -> Any:
    return await person.post("~/tasks/batch", {"operations": list(operations)})


async def test_five_hundred_operations_are_one_commit(api: Api) -> None:
    ada = await api.person()
    before = await seq_of(ada)
    made = await make(ada, *(f"Task {number}" for number in range(500)))
    assert await seq_of(ada) == before + 1
    assert [task["number"] for task in made] == list(range(1, 501))
    assert {task["version"] for task in made} == {before + 1}
    answer = await send(ada, *(update(task["id"], status="completed") for task in made))
    assert answer.json()["seq"] == before + 2
    assert answer.headers["tidework-seq"] == str(before + 2)
    assert {result["task"]["status"] for result in answer.json()["results"]} == {"completed"}
    await batch(ada, *(delete(task["id"]) for task in made))
    assert await items(ada, "~/tasks") == []
    assert await seq_of(ada) == before + 3
    assert len(await logged(ada, before)) == 1500
    # One more is refused, and so is none at all.
    for count in (501, 0):
        refused = await send(ada, *(create("x") for _ in range(count)))
        assert pointer(refused) == "/operations"
    assert await seq_of(ada) == before + 3


async def test_what_each_operation_led_to(api: Api) -> None:
    ada = await api.person()
    old, doomed = await make(ada, "Old", "Doomed")
    own = new_id()
    results = await batch(
        ada,
        create("New", own, status="completed"),
        update(own, status="pending"),
        update(old["id"], title="Older"),
        update(old["id"], status="completed", description="D"),
        update(old["id"], status="pending", description=None),
        update(old["id"], status="cancelled"),
        update(old["id"]),
        create("Another"),
        delete(doomed["id"].upper()),
        create("Short-lived", lived := new_id()),
        update(lived, title="Gone"),
        delete(lived),
    )
    seq = await seq_of(ada)
    assert [(one["op"], one["status"]) for one in results] == [
        ("create", 201), ("update", 200), ("update", 200), ("update", 200), ("update", 200),
        ("update", 200), ("update", 200), ("create", 201), ("delete", 204), ("create", 201),
        ("update", 200), ("delete", 204),
    ]  # fmt: skip
    assert [one["id"] for one in results[:3]] == [own, own, old["id"]]
    assert "task" not in results[8]
    tasks = [one.get("task") for one in results]
    assert tasks[0]["completed_at"]
    assert (tasks[1]["status"], tasks[1]["completed_at"]) == ("pending", None)
    assert [task["status"] for task in tasks[2:7]] == [
        "pending", "completed", "pending", "cancelled", "cancelled",
    ]  # fmt: skip
    assert [bool(task["completed_at"]) for task in tasks[2:7]] == [False, True, False, False, False]
    assert [task["description"] for task in tasks[2:7]] == ["", "D", "", "", ""]
    assert (tasks[0]["number"], tasks[7]["number"], tasks[9]["number"]) == (3, 4, 5)
    assert all(task["version"] == seq for task in tasks if task)
    for task in (tasks[1], tasks[6], tasks[7]):
        assert (await ada.get(f"~/tasks/{task['id']}")).json() == task
    assert await titles(ada, "sort=number") == ["Older", "New", "Another"]
    # What would change nothing at all is no commit.
    same = await send(ada, update(own), update(old["id"], title="Older"))
    assert same.json()["seq"] == seq == int(same.headers["tidework-seq"])
    assert [one["task"] for one in same.json()["results"]] == [tasks[1], tasks[6]]
    assert await seq_of(ada) == seq


async def test_one_impossible_operation_leaves_nothing_of_the_others(api: Api) -> None:
    ada = await api.person()
    task, gone = await make(ada, "Task", "Gone")
    project = await ada.made("~/projects", {"name": "P"})
    await ada.delete(f"~/tasks/{gone['id']}")
    one, own = task["id"], new_id()
    before = await seq_of(ada)
    first = create("First")
    refused: list[tuple[list[dict[str, Any]], tuple[int, str], str]] = [
        ([first, update(NOBODY, title="x")], (404, "not_found"), "/operations/1: "),
        ([first, delete(gone["id"])], (404, "not_found"), "/operations/1: "),
        ([delete(one), first, update(one, title="x")], (404, "not_found"), "/operations/2: "),
        ([delete(one), delete(one)], (404, "not_found"), "/operations/1: "),
        ([first, update(one, if_match=1, title="x")], (412, "precondition_failed"), "/operations/1: "),
        ([first, delete(one, if_match=10**30)], (412, "precondition_failed"), "/operations/1: "),
        ([update(one, if_match=1)], (412, "precondition_failed"), "/operations/0: "),
        ([create("A", own), update(own, if_match=0, title="x")], (412, "precondition_failed"), "/operations/1: "),
        ([create("A", one)], (409, "id_taken"), "/operations/0: "),
        ([create("A", own), create("B", own)], (409, "id_taken"), "/operations/1: "),
        ([delete(one), create("A", one)], (409, "id_taken"), "/operations/1: "),
        ([first, create(" ")], (422, "invalid"), "/operations/1/data/title"),
        ([first, update(one, title="")], (422, "invalid"), "/operations/1/data/title"),
        ([first, {"op": "create"}], (422, "invalid"), "/operations/1/data"),
        ([first, {"op": "update", "data": {}}], (422, "invalid"), "/operations/1/id"),
        ([first, {"op": "delete"}], (422, "invalid"), "/operations/1/id"),
        ([first, {"op": "move", "id": one}], (422, "invalid"), "/operations/1/op"),
        ([first, {"id": one}], (422, "invalid"), "/operations/1/op"),
        ([first, {**delete(one), "data": {}}], (422, "invalid"), "/operations/1/data"),
        ([first, update("x7", title="x")], (422, "invalid"), "/operations/1/id"),
        ([first, update(one, colour="x")], (422, "invalid"), "/operations/1/data/colour"),
        ([create("A", parent_id=NOBODY)], (422, "invalid"), "/operations/0/data/parent_id"),
        ([create("A", own, parent_id=own)], (422, "invalid"), "/operations/0/data/parent_id"),
        ([create("A", parent_id=own), create("B", own)], (422, "invalid"), "/operations/0/data/parent_id"),
        ([create("A", own), create("B", project_id=own)], (422, "invalid"), "/operations/1/data/project_id"),
        ([create("A", own), create("B", label_ids=[own])], (422, "invalid"), "/operations/1/data/label_ids/0"),
        ([create("A", own), create("B", assignee_id=own)], (422, "invalid"), "/operations/1/data/assignee_id"),
        ([create("A", parent_id=project["id"])], (422, "invalid"), "/operations/0/data/parent_id"),
        ([delete(one), create("A", parent_id=one)], (422, "invalid"), "/operations/1/data/parent_id"),
        ([delete(one), create("A", position={"after": one})], (422, "invalid"), "/operations/1/data/position/after"),
    ]  # fmt: skip
    for operations, wanted, where in refused:
        answer = await send(ada, *operations)
        assert code(answer) == wanted, (operations, answer.text)
        if where.endswith(": "):
            assert answer.json()["detail"].startswith(where), answer.text
        else:
            assert pointer(answer) == where
    assert await seq_of(ada) == before
    assert (await ada.get("~/tasks?total=true")).json()["items"] == [task]


async def test_later_operations_build_on_earlier_ones(api: Api) -> None:
    ada = await api.person()
    (old,) = await make(ada, "Old")
    top, middle, low = new_id(), new_id(), new_id()
    await batch(
        ada,
        create("Top", top),
        create("Middle", middle, parent_id=top),
        create("Low", low, parent_id=middle),
        update(old["id"], parent_id=low),
        update(low, parent_id=None),
        update(top, parent_id=old["id"]),
    )
    parents = {task["title"]: task["parent_id"] for task in await items(ada, "~/tasks")}
    assert parents == {"Top": old["id"], "Middle": top, "Low": None, "Old": low}
    before = await seq_of(ada)
    high, other = new_id(), new_id()
    for circle in (
        [create("x", high, parent_id=old["id"]), update(low, parent_id=high)],
        [create("x", high), create("y", other, parent_id=high), update(high, parent_id=other)],
        [update(low, parent_id=middle)],
        [
            update(old["id"], parent_id=None),
            update(low, parent_id=top),
            update(old["id"], parent_id=low),
        ],
        [update(top, parent_id=top)],
    ):
        answer = await send(ada, *circle)
        assert pointer(answer).endswith("/data/parent_id"), answer.text
        assert answer.json()["errors"][0]["code"] == "cycle"
    assert await seq_of(ada) == before
    # What is no circle any more by then is none.
    await batch(ada, update(old["id"], parent_id=None), update(low, parent_id=middle))


async def test_removing_parents_with_their_sub_tasks(api: Api) -> None:
    ada = await api.person()
    top, free = await make(ada, "Top", "Free")
    first, second, third = await make(ada, "1", "2", "3", parent_id=top["id"])
    (deep,) = await make(ada, "Deep", parent_id=first["id"])
    for task in (top, first, deep):
        await ada.made(f"~/tasks/{task['id']}/comments", {"body": "Note"})
        await ada.made(f"~/tasks/{task['id']}/relations", {"kind": "blocks", "task_id": free["id"]})
    await ada.made(f"~/tasks/{top['id']}/relations", {"kind": "blocks", "task_id": first["id"]})
    late = new_id()
    results = await batch(
        ada,
        update(second["id"], parent_id=None),
        create("Late", late, parent_id=top["id"]),
        delete(first["id"]),
        delete(top["id"]),
        update(third["id"], parent_id=free["id"]),
        update(deep["id"], title="Deeper"),
    )
    assert results[1]["task"]["parent_id"] == top["id"]
    assert results[5]["task"]["parent_id"] is None
    left = {task["title"]: task["parent_id"] for task in await items(ada, "~/tasks")}
    assert left == {"Free": None, "2": None, "3": free["id"], "Deeper": None, "Late": None}
    relations = await items(ada, f"~/tasks/{free['id']}/relations")
    assert [one["task_id"] for one in relations] == [deep["id"]]
    assert len(await items(ada, f"~/tasks/{deep['id']}/comments")) == 1


async def test_a_batch_that_had_happened_is_told_again(api: Api) -> None:
    """As after a crash between the commit and its answer: the record is there, the answer not."""
    ada = await api.person()
    (task,) = await make(ada, "Task")
    body = {"operations": [update(task["id"], title="New"), create("Made"), create("Made too")]}
    key = {"idempotency-key": "crash"}
    first = (await ada.post("~/tasks/batch", body, headers=key)).json()
    await forget_answers(api)
    before = await seq_of(ada)
    again = await ada.post("~/tasks/batch", body, headers=key)
    assert again.json() == first
    assert await seq_of(ada) == before
    one = await ada.post("~/tasks", {"title": "One"}, headers={"idempotency-key": "one"})
    await forget_answers(api)
    repeated = await ada.post("~/tasks", {"title": "One"}, headers={"idempotency-key": "one"})
    assert repeated.json() == one.json()
    assert (await ada.get("~/tasks?total=true")).json()["total"] == 4


async def forget_answers(api: Api) -> None:
    await execute(api, "UPDATE idempotency SET status = NULL, headers = NULL, body = NULL")


async def test_tasks_are_named_by_number_too(api: Api) -> None:
    ada = await api.person()
    one, two, three = await make(ada, "One", "Two", "Three")
    results = await batch(
        ada,
        {"op": "update", "id": one["number"], "data": {"status": "completed"}},
        {"op": "update", "id": str(two["number"]), "data": {"title": "Second"}},
        {"op": "delete", "id": three["id"].upper().replace("-", "")},
    )
    assert [result["id"] for result in results] == [one["id"], two["id"], three["id"]]
    assert (results[0]["task"]["status"], results[1]["task"]["title"]) == ("completed", "Second")
    before = await seq_of(ada)
    for key, expected in (
        (4, (404, "not_found")),
        ("00004", (404, "not_found")),
        ("9" * 15, (404, "not_found")),
        (0, (422, "invalid")),
        (-1, (422, "invalid")),
        (10**15, (422, "invalid")),
        ("9" * 16, (422, "invalid")),
        ("²", (422, "invalid")),
        ("#1", (422, "invalid")),
        ("1\n", (422, "invalid")),
        (f"{one['id']}\n", (422, "invalid")),
        ("", (422, "invalid")),
        (True, (422, "invalid")),
        (1.5, (422, "invalid")),
        (None, (422, "invalid")),
    ):
        answer = await send(ada, update(one["id"], title="Not"), {"op": "delete", "id": key})
        assert code(answer) == expected, key
        assert "/operations/1" in answer.json()["detail"], answer.text
    assert await seq_of(ada) == before


async def test_a_version_may_be_given_as_entity_tag(api: Api) -> None:
    ada = await api.person()
    (task,) = await make(ada, "One")
    for form in ("{}", "W/{}", '"1", {}', "*"):
        tag = (await ada.get(f"~/tasks/{task['id']}")).headers["etag"]
        answer = await send(ada, update(task["id"], form.format(tag), title=f"Now {form}"))
        assert answer.status_code == 200, answer.text
        if form != "*":
            assert code(await send(ada, delete(task["id"], tag))) == (412, "precondition_failed")
    version = str(answer.json()["seq"])
    assert (await send(ada, update(task["id"], version, title="Digits"))).status_code == 200
    assert code(await send(ada, delete(task["id"], version))) == (412, "precondition_failed")
    for if_match in ("", '"', "17 18", "'17'", True, [], "x" * 1001):
        answer = await send(ada, delete(task["id"], if_match))
        assert pointer(answer) == "/operations/0/if_match", if_match
    assert code(await send(ada, delete(task["id"], '"s17"'))) == (412, "precondition_failed")
    # A number that no version can be, alone and beside the right one.
    for digits in (19, 400, 5000):
        headers = {"if-match": f'"{"9" * digits}"'}
        answer = await ada.patch(f"~/tasks/{task['id']}", {"title": "x"}, headers=headers)
        assert code(answer) == (412, "precondition_failed")
        tag = (await ada.get(f"~/tasks/{task['id']}")).headers["etag"]
        headers = {"if-match": f'{tag}, "{"9" * digits}"'}
        answer = await ada.patch(f"~/tasks/{task['id']}", {"title": str(digits)}, headers=headers)
        assert answer.status_code == 200, answer.text
