"""The order that people drag tasks into."""

import asyncio
import random
from typing import Any

import msgspec
import pytest
from tests.modules.tasks.world import (
    NOBODY,
    batch,
    code,
    items,
    logged,
    make,
    open_store,
    pointer,
    seq_of,
    titles,
)
from tests.services.api import Api, Person

from tidework.http.context import Membership, RequestContext
from tidework.ids import new_id
from tidework.store.sql.positions import between, is_position, position_of
from tidework.tasks.schemas import Batch
from tidework.tasks.service import TaskService


async def order(person: Person) -> str:
    """The titles in the workspace's order, as one word."""
    return "".join(await titles(person, "sort=position&limit=100"))


async def move(person: Person, task: dict[str, Any], **place: Any) -> dict[str, Any]:
    answer = await person.patch(f"~/tasks/{task['id']}", {"position": place})
    assert answer.status_code == 200, answer.text
    moved: dict[str, Any] = answer.json()
    return moved


async def test_moving_between_neighbours_changes_one_row(api: Api) -> None:
    ada = await api.person()
    tasks = {task["title"]: task for task in await make(ada, *"abcde")}
    ids = {title: task["id"] for title, task in tasks.items()}
    assert await order(ada) == "abcde"
    for title, place, wanted in (
        ("e", {"after": ids["a"]}, "aebcd"),
        ("a", {"before": ids["d"]}, "ebcad"),
        ("d", {"after": ids["b"], "before": ids["c"]}, "ebdca"),
        ("c", {"after": None}, "cebda"),
        ("c", {"before": None}, "ebdac"),
        ("a", {"after": None, "before": ids["e"]}, "aebdc"),
        ("e", {"after": ids["c"], "before": None}, "abdce"),
        ("b", {"after": None, "before": None}, "adceb"),
        # Neighbours that are none any more still say where it belongs.
        ("b", {"after": ids["a"], "before": ids["e"]}, None),
    ):  # fmt: skip
        before = await seq_of(ada)
        await move(ada, tasks[title], **place)
        assert await order(ada) == (wanted or await order(ada)), (title, place)
        changes = await logged(ada, before)
        assert [(one["id"], list(one["set"])) for one in changes] == [(ids[title], ["position"])]
    # Whoever is there already need not move.
    before = await seq_of(ada)
    now = await order(ada)
    for index, title in enumerate(now):
        if index:
            await move(ada, tasks[title], after=ids[now[index - 1]])
        if index + 1 < len(now):
            await move(ada, tasks[title], before=ids[now[index + 1]])
    await move(ada, tasks[now[0]], after=None)
    await move(ada, tasks[now[-1]], before=None)
    assert await seq_of(ada) == before
    assert now.index("a") < now.index("b") < now.index("e")
    # At the end, it still comes before what is made later; at the beginning, before everything.
    await move(ada, tasks["a"], before=None)
    await make(ada, "f")
    assert (await order(ada)).endswith("af")
    await ada.made("~/tasks", {"title": "g", "position": {"after": None}})
    await ada.made("~/tasks", {"title": "h", "position": {"before": ids["a"]}})
    assert (await order(ada))[0] == "g"
    assert (await order(ada)).endswith("haf")


async def test_keys_that_callers_make(api: Api) -> None:
    ada = await api.person()
    a, b = await make(ada, "a", "b")
    path = f"~/tasks/{b['id']}"
    for key, wanted in (
        ("1", "ba"),
        ("zz9", "ab"),
        ("00001", "ba"),
        (a["position"] + "5", "ab"),
        ("z" * 2600, "ab"),
    ):
        answer = await ada.patch(path, {"position": key})
        assert answer.json()["position"] == key
        assert await order(ada) == wanted, key
    # Behind the longest key there is no room any more; before it there is.
    full = await ada.post("~/tasks", {"title": "c", "position": {"after": b["id"]}})
    assert code(full) == (409, "no_room")
    await ada.made("~/tasks", {"title": "c", "position": {"before": b["id"]}})
    assert await order(ada) == "acb"
    before = await seq_of(ada)
    for key in ("", "0", "a0", "-", "a b", "ä", "a\n", "z" * 2601, 7, ["a"], True):
        assert pointer(await ada.patch(path, {"position": key})).startswith("/position"), key
        assert pointer(await ada.post("~/tasks", {"title": "x", "position": key})).startswith(
            "/position"
        )
    wrong: list[tuple[Any, str]] = [
        ({}, "/position"),
        ({"after": b["id"]}, "/position/after"),
        ({"before": b["id"], "after": a["id"]}, "/position/before"),
        ({"after": NOBODY}, "/position/after"),
        ({"before": "7"}, "/position/before"),
        ({"after": a["id"], "between": b["id"]}, "/position/between"),
    ]
    for place, where in wrong:
        assert pointer(await ada.patch(path, {"position": place})) == where, place
    turned = await ada.post(
        "~/tasks", {"title": "x", "position": {"after": b["id"], "before": a["id"]}}
    )
    assert pointer(turned) == "/position"
    assert await seq_of(ada) == before
    # Two of the same key: the order is the same for everybody, and none comes in between.
    await ada.patch(path, {"position": a["position"]})
    same = await ada.post(
        "~/tasks", {"title": "x", "position": {"after": a["id"], "before": b["id"]}}
    )
    assert pointer(same) == "/position"
    await ada.made("~/tasks", {"title": "d", "position": {"after": a["id"]}})
    assert await order(ada) in ("abdc", "badc")


async def test_a_batch_places_tasks_beside_its_own(api: Api) -> None:
    ada = await api.person()
    a, b = await make(ada, "a", "b")
    c, d, e, f = (new_id() for _ in range(4))

    def made(title: str, own: str, **place: Any) -> dict[str, Any]:
        return {"op": "create", "id": own, "data": {"title": title, **place}}

    await batch(
        ada,
        made("c", c),
        made("d", d, position={"after": None}),
        made("e", e, position={"before": c}),
        {"op": "update", "id": a["id"], "data": {"position": {"after": c}}},
        {"op": "update", "id": b["id"], "data": {"position": {"before": None}}},
        made("f", f),
        {"op": "update", "id": d, "data": {"position": {"after": e, "before": c}}},
    )
    assert await order(ada) == "edcabf"
    await make(ada, "g")
    assert await order(ada) == "edcabfg"


async def test_ten_thousand_insertions_at_the_same_place(api: Api) -> None:
    """Between the same first task and the last one, or the one that was put there before."""
    ada = await api.person()
    first, last = await make(ada, "first", "last")
    store = await open_store(api.settings)
    try:
        service = TaskService(store)
        owner = Membership(ada.workspace, ada.id, "owner")
        behind = last["id"]
        wanted: list[str] = []
        # What differs between the databases shows early.
        for _ in range(20 if store.dialect == "sqlite" else 3):
            operations = []
            for number in range(500):
                own = new_id()
                place = {"after": first["id"], "before": behind if number % 2 else last["id"]}
                data = {"title": "x", "position": place}
                operations.append({"op": "create", "id": own, "data": data})
                behind = own
                wanted.append(own)
            body = msgspec.convert({"operations": operations}, Batch)
            context = RequestContext("test", "127.0.0.1", "http", 0.0)
            done = await service.batch(owner, body.operations, context)
            longest = max(len(one.task.position) for one in done.results if one.task)
            assert longest < 20
            # One change each: nobody else is moved out of the way.
            assert len(await store.log(ada.workspace, since=done.seq - 1, limit=1000)) == 500
        # And the ten-thousandth and first, one at a time.
        before = await seq_of(ada)
        for _ in range(20):
            task = await ada.made("~/tasks", {"title": "x", "position": {"after": first["id"]}})
            wanted.append(task["id"])
        assert len(await logged(ada, before)) == 20
        assert len(task["position"]) < 20
    finally:
        await store.close()
    place = await items(ada, "~/tasks?sort=position&limit=100")
    assert [task["id"] for task in place] == [first["id"], *wanted[:-100:-1]]
    end = await items(ada, "~/tasks?sort=-position&limit=100")
    assert [task["id"] for task in end] == [last["id"], *wanted[:99]]


async def test_moves_at_the_same_moment_all_find_a_place(api: Api) -> None:
    ada = await api.person()
    first, last = await make(ada, "first", "last")
    others = await make(ada, *(f"Task {number}" for number in range(60)))
    between_them = {"after": first["id"], "before": last["id"]}

    async def write_on() -> None:
        for number in range(5):
            await ada.made("~/projects", {"name": f"{new_id()} {number}"})

    await asyncio.gather(
        *(move(ada, task, **between_them) for task in others), *(write_on() for _ in range(5))
    )
    tasks = await items(ada, "~/tasks?sort=position&limit=100")
    assert len({task["position"] for task in tasks}) == len(tasks)
    assert [tasks[0]["title"], tasks[-1]["title"]] == ["first", "last"]


@pytest.mark.parametrize("where", ["left", "right", "both"])
def test_keys_stay_short_and_in_order(where: str) -> None:
    rnd = random.Random(7)
    low, high = position_of(1), position_of(2)
    keys = [low, high]
    for _ in range(10_000):
        key = between(low, high)
        assert low < key < high
        assert is_position(key)
        keys.append(key)
        if where == "left" or (where == "both" and rnd.random() < 0.5):
            high = key
        else:
            low = key
    assert len(set(keys)) == len(keys)
    assert max(map(len, keys)) < (2600 if where == "both" else 20)


def test_keys_of_numbers_follow_each_other() -> None:
    numbers = [1, 2, 9, 10, 11, 99, 100, 999, 1000, 123456, 10**9]
    keys = [position_of(number) for number in numbers]
    assert keys == sorted(keys)
    assert all(map(is_position, keys))
    for low, high in zip(["1", "a", *keys], ["z", "a1", *keys[1:], None], strict=False):
        key = between(low, high)
        assert low < key
        assert high is None or key < high
    with pytest.raises(ValueError, match="no position"):
        between("b", "a")
    with pytest.raises(ValueError, match="no position"):
        between("a", "a")
