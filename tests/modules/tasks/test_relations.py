"""Relations between tasks, and the circles that must not be."""

import asyncio
import random
from typing import Any

from tests.modules.tasks.world import (
    NOBODY,
    batch,
    circular,
    code,
    items,
    logged,
    make,
    pointer,
    seq_of,
    workspace_of,
)
from tests.services.api import Api, Person

OTHER_SIDE = {
    "blocks": "blocked_by",
    "blocked_by": "blocks",
    "duplicates": "duplicated_by",
    "duplicated_by": "duplicates",
    "relates_to": "relates_to",
}


async def relate(person: Person, task: str, kind: str, other: Any) -> Any:
    return await person.post(f"~/tasks/{task}/relations", {"kind": kind, "task_id": other})


async def kinds(person: Person, task: str) -> list[tuple[str, str]]:
    """A task's relations: kind and the other task's id."""
    found = await items(person, f"~/tasks/{task}/relations")
    return [(one["kind"], one["task_id"]) for one in found]


async def test_each_kind_is_seen_and_taken_away_from_both_sides(api: Api) -> None:
    ada = await api.person()
    first, second = [task["id"] for task in await make(ada, "First", "Second")]
    for number, (kind, reverse) in enumerate(list(OTHER_SIDE.items()) * 2):
        before = await seq_of(ada)
        here, there = (first, second) if number % 2 else (second, first)
        made = await relate(ada, here, kind, there)
        assert made.status_code == 201, made.text
        assert made.headers["tidework-seq"] == str(before + 1)
        shown = made.json()
        assert (shown["kind"], shown["task_id"], shown["version"]) == (kind, there, before + 1)
        assert await items(ada, f"~/tasks/{here}/relations") == [shown]
        mirrored = {**shown, "kind": reverse, "task_id": here}
        assert await items(ada, f"~/tasks/{there}/relations") == [mirrored]
        # The same again, from either side, is there already.
        assert code(await relate(ada, here, kind, there)) == (409, "relation_exists")
        assert code(await relate(ada, there, reverse, here)) == (409, "relation_exists")
        assert await seq_of(ada) == before + 1
        place = f"~/tasks/{here}/relations/{kind}/{there}"
        if number < len(OTHER_SIDE):
            place = f"~/tasks/{there}/relations/{reverse}/{here.upper()}"
        stale = await ada.delete(place, headers={"if-match": '"1"'})
        assert code(stale) == (412, "precondition_failed")
        etag = {"if-match": made.headers["etag"]}
        gone = await ada.delete(place, headers=etag if number % 2 else {})
        assert (gone.status_code, gone.headers["tidework-seq"]) == (204, str(before + 2))
        assert await kinds(ada, first) == await kinds(ada, second) == []
        assert code(await ada.delete(place)) == (404, "not_found")
        assert code(await ada.delete(place, headers=etag)) == (404, "not_found")
    assert len(await logged(ada)) == 2 + 2 + 4 * len(OTHER_SIDE)


async def test_several_relations_side_by_side(api: Api) -> None:
    ada = await api.person()
    a, b, c = [task["id"] for task in await make(ada, "a", "b", "c")]
    for task, kind, other in (
        (a, "blocks", b), (a, "duplicates", b), (b, "duplicates", a), (a, "relates_to", b),
        (c, "blocks", a), (c, "blocks", b), (c, "relates_to", a),
    ):  # fmt: skip
        assert (await relate(ada, task, kind, other)).status_code == 201
    assert await kinds(ada, "1") == [
        ("blocks", b), ("duplicates", b), ("duplicated_by", b), ("relates_to", b),
        ("blocked_by", c), ("relates_to", c),
    ]  # fmt: skip
    assert await kinds(ada, c) == [("blocks", a), ("blocks", b), ("relates_to", a)]
    # A relation goes with either of its tasks.
    await ada.delete(f"~/tasks/{a}")
    assert await kinds(ada, b) == [("blocked_by", c)]
    assert await kinds(ada, c) == [("blocks", b)]


async def test_relations_that_cannot_be(api: Api) -> None:
    ada = await api.person()
    a, b, c, d = [task["id"] for task in await make(ada, *"abcd")]
    for task, other in ((a, b), (b, c), (c, d)):
        assert (await relate(ada, task, "blocks", other)).status_code == 201
    before = await seq_of(ada)
    for task, kind, other, wanted in (
        (a, "blocks", a, "self"), (a, "relates_to", a, "self"),
        (b, "blocks", a, "cycle"), (d, "blocks", a, "cycle"), (a, "blocked_by", d, "cycle"),
        (a, "blocks", NOBODY, "unknown_reference"), (a, "duplicates", NOBODY, "unknown_reference"),
    ):  # fmt: skip
        answer = await relate(ada, task, kind, other)
        assert pointer(answer) == "/task_id", (kind, answer.text)
        assert answer.json()["errors"][0]["code"] == wanted
    assert pointer(await relate(ada, a, "loves", b)) == "/kind"
    assert pointer(await relate(ada, a, "blocks", "7")) == "/task_id"
    assert code(await relate(ada, NOBODY, "blocks", a)) == (404, "not_found")
    for place in (f"loves/{b}", f"blocks/{c}", "blocks/7", f"blocks/{NOBODY}", f"blocked_by/{b}"):
        gone = await ada.delete(f"~/tasks/{a}/relations/{place}")
        assert code(gone) == (404, "not_found"), place
    assert await seq_of(ada) == before
    # A way around is no circle, and neither is what has been taken away.
    assert (await relate(ada, a, "blocks", d)).status_code == 201
    assert (await ada.delete(f"~/tasks/{b}/relations/blocks/{c}")).status_code == 204
    assert (await relate(ada, c, "blocks", a)).status_code == 201


async def answered(answers: list[Any], *refusals: str) -> int:
    """How many of these were granted; all others must have been refused for these reasons."""
    granted = 0
    for answer in answers:
        if answer.status_code < 300:
            granted += 1
        elif answer.status_code == 422:
            assert answer.json()["errors"][0]["code"] in refusals, answer.text
        else:
            assert answer.json()["code"] in refusals, answer.text
    return granted


async def test_no_circle_of_blocks_however_many_build_it_at_once(api: Api) -> None:
    ada, eva, ivo = await workspace_of(api, "editor", "editor")
    ids = [task["id"] for task in await make(ada, *(str(number) for number in range(8)))]
    ring = [(ids[index], ids[(index + 1) % 8]) for index in range(8)]
    rnd = random.Random(11)
    pairs = [tuple(rnd.sample(ids, 2)) for _ in range(30)] + ring
    people = [ada, eva, ivo]
    answers = await asyncio.gather(
        *(
            relate(people[index % 3], *((a, "blocks", b) if index % 2 else (b, "blocked_by", a)))
            for index, (a, b) in enumerate(pairs)
        )
    )
    granted = await answered(list(answers), "cycle", "relation_exists")
    edges = [
        (task, other) for task in ids for kind, other in await kinds(ada, task) if kind == "blocks"
    ]
    assert len(edges) == granted >= 7
    assert not circular(edges)


async def test_no_circle_of_parents_however_many_build_it_at_once(api: Api) -> None:
    ada, eva, ivo = await workspace_of(api, "editor", "editor")
    ids = [task["id"] for task in await make(ada, *(str(number) for number in range(8)))]
    rnd = random.Random(12)
    pairs = [(ids[index], ids[(index + 1) % 8]) for index in range(8)]
    pairs += [tuple(rnd.sample(ids, 2)) for _ in range(22)]  # type: ignore[misc]
    people = [ada, eva, ivo]

    async def put(index: int, child: str, parent: str) -> Any:
        who = people[index % 3]
        if index % 4:
            return await who.patch(f"~/tasks/{child}", {"parent_id": parent})
        change = {"op": "update", "id": child, "data": {"parent_id": parent}}
        return await who.post("~/tasks/batch", {"operations": [change]})

    answers = await asyncio.gather(*(put(index, *pair) for index, pair in enumerate(pairs)))
    assert await answered(list(answers), "cycle") >= 7
    tasks = await items(ada, "~/tasks")
    edges = [(task["id"], task["parent_id"]) for task in tasks if task["parent_id"]]
    assert not circular(edges)


async def test_parents(api: Api) -> None:
    ada = await api.person()
    a, b, c = [task["id"] for task in await make(ada, *"abc")]
    await ada.patch(f"~/tasks/{b}", {"parent_id": a})
    await ada.patch(f"~/tasks/{c}", {"parent_id": b})
    before = await seq_of(ada)
    for child, parent in ((a, a), (a, b), (a, c), (b, c)):
        answer = await ada.patch(f"~/tasks/{child}", {"parent_id": parent})
        assert pointer(answer) == "/parent_id"
        assert answer.json()["errors"][0]["code"] == "cycle"
    assert await seq_of(ada) == before
    assert [task["id"] for task in await items(ada, f"~/tasks?parent={a}")] == [b]
    (chain,) = await make(ada, "0")
    tail = chain["id"]
    for _ in range(3):
        results = await batch(ada, {"op": "create", "data": {"title": "x", "parent_id": tail}})
        tail = results[0]["id"]
    assert pointer(await ada.patch(f"~/tasks/{chain['id']}", {"parent_id": tail})) == "/parent_id"


async def test_the_other_task_is_named_by_number_too(api: Api) -> None:
    ada = await api.person()
    first, second = await make(ada, "First", "Second")
    for key in (second["number"], str(second["number"])):
        made = await relate(ada, first["id"], "blocks", key)
        assert made.status_code == 201, made.text
        assert made.json()["task_id"] == second["id"]
        taken = f"~/tasks/{first['number']}/relations/blocks/{second['number']}"
        assert (await ada.delete(taken)).status_code == 204
        assert code(await ada.delete(taken)) == (404, "not_found")
    assert code(await relate(ada, first["id"], "blocks", 1)) == (422, "invalid")
    for key in (3, "3", "x", "", "9" * 40, None):
        assert pointer(await relate(ada, first["id"], "blocks", key)) == "/task_id"
    for key in ("3", "9" * 40, "²", "x"):
        gone = await ada.delete(f"~/tasks/{first['id']}/relations/blocks/{key}")
        assert code(gone) == (404, "not_found")
