"""Operational tables: written beside commits or alone, all or nothing."""

import asyncio
import random
from typing import Any

import pytest
from sqlalchemy import bindparam, select
from tests.services.commits import commit, new_task, new_workspace
from tests.services.stores import Database

from tidework.ids import new_id
from tidework.log import Operation
from tidework.store.protocol import Contended, Store, UniqueConflict
from tidework.store.sql.schema import inbox, jobs, sessions, user_workspaces
from tidework.store.sql.statement import Statement

SESSION = Statement(
    "session",
    select(sessions).where(
        sessions.c.stream_id == bindparam("stream_id"), sessions.c.id == bindparam("id")
    ),
)
MINE = Statement(
    "mine",
    select(user_workspaces.c.workspace_id).where(user_workspaces.c.user_id == bindparam("user_id")),
)
AT = "2026-01-02T03:04:05.000006Z"


def place() -> dict[str, Any]:
    return {"stream_id": new_id(), "id": new_id()}


def session(**values: Any) -> dict[str, Any]:
    return {
        "created_at": AT,
        "used_at": AT,
        "expires_at": AT,
        "user_agent": None,
        "address": "::1",
        "refresh_digest": "d1",
        "previous_digest": None,
        "rotated_at": None,
        "sealed": None,
        "family_key": "k",
    } | values


async def found(store: Store, key: dict[str, Any]) -> dict[str, Any] | None:
    rows = await store.fetch(SESSION, key)
    names = [column.name for column in sessions.columns]
    return dict(zip(names, rows[0], strict=True)) if rows else None


async def test_insert_update_delete(store: Store) -> None:
    key, other = place(), place()
    await store.operate([Operation("sessions", "insert", each, session()) for each in (key, other)])
    assert await found(store, key) == key | session()
    await store.operate(
        [Operation("sessions", "update", key, {"refresh_digest": "d2", "rotated_at": AT}, rows=1)]
    )
    assert await found(store, key) == key | session(refresh_digest="d2", rotated_at=AT)
    await store.operate([Operation("sessions", "delete", key, rows=1)])
    assert await found(store, key) is None
    assert await found(store, other) == other | session()


async def test_insert_of_a_key_that_is_taken(store: Store) -> None:
    key = place()
    insert = Operation("sessions", "insert", key, session())
    await store.operate([insert])
    with pytest.raises(UniqueConflict) as caught:
        await store.operate([insert])
    assert caught.value.constraint == "sessions_pkey"


async def test_upsert_inserts_or_sets_what_it_names(store: Store) -> None:
    key = place()
    await store.operate([Operation("sessions", "upsert", key, session(sealed="s"))])
    assert await found(store, key) == key | session(sealed="s")
    changed = {name: value for name, value in session(address="::2").items() if name != "sealed"}
    await store.operate([Operation("sessions", "upsert", key, changed)])
    assert await found(store, key) == key | session(sealed="s", address="::2")


@pytest.mark.parametrize("checked", [None, 1])
async def test_the_operations_of_one_write_find_what_those_before_them_left(
    store: Store, checked: int | None
) -> None:
    places = [place() for _ in range(70)]
    last = places[-1]

    def each(op: Any, **values: Any) -> list[Operation]:
        return [Operation("sessions", op, key, session(**values)) for key in places]

    await store.operate(
        [
            *each("upsert", refresh_digest="first"),
            *each("keep", refresh_digest="kept"),
            Operation("sessions", "update", last, {"address": "::2"}, rows=checked),
            Operation("sessions", "delete", places[0], rows=checked),
            *each("upsert", refresh_digest="second")[:40],
            # Twice, next to each other: the later one counts.
            Operation("sessions", "upsert", places[1], session(refresh_digest="third")),
            Operation("sessions", "upsert", places[1], session(refresh_digest="fourth")),
            Operation("sessions", "delete", places[2]),
            Operation("sessions", "keep", places[2], session(refresh_digest="anew")),
        ]
    )
    digests = [(await found(store, key) or {}).get("refresh_digest") for key in places]
    assert digests == ["second", "fourth", "anew"] + ["second"] * 37 + ["first"] * 30
    assert (await found(store, last) or {})["address"] == "::2"


async def test_upsert_of_a_row_that_is_all_key(store: Store) -> None:
    user, workspace = new_id(), new_id()
    row = Operation("user_workspaces", "upsert", {"user_id": user, "workspace_id": workspace})
    for _ in range(2):
        await store.operate([row])
    assert [tuple(r) for r in await store.fetch(MINE, {"user_id": user})] == [(workspace,)]


async def test_many_upsert_the_same_key_from_several_copies(database: Database) -> None:
    copies = [await database.open(), await database.open()]
    for _ in range(10):
        key = place()
        await asyncio.gather(
            *(
                copies[i % 2].operate(
                    [Operation("sessions", "upsert", key, session(refresh_digest=str(i)))]
                )
                for i in range(6)
            )
        )
        row = await found(copies[0], key)
        assert row is not None
        assert row["refresh_digest"] in set("012345")
    await database.close()


@pytest.mark.parametrize("op", ["update", "delete"])
async def test_the_wrong_number_of_rows_undoes_everything(store: Store, op: Any) -> None:
    stream, key = await new_workspace(store), place()
    insert = Operation("sessions", "insert", key, session())
    wrong = Operation("sessions", op, place(), {"sealed": "x"} if op == "update" else {}, rows=1)
    with pytest.raises(Contended):
        await store.operate([insert, wrong])
    with pytest.raises(Contended):
        await store.append(commit(stream, new_task(), operations=[insert, wrong]))
    assert await found(store, key) is None
    assert await store.seqs([stream]) == {stream: 1}
    # Without a number asked for, none is as good as any.
    await store.operate([Operation("sessions", op, place(), wrong.set)])


async def test_a_key_may_be_a_part_of_the_primary_key(store: Store) -> None:
    account = new_id()
    keys = [{"stream_id": account, "id": new_id()} for _ in range(3)]
    await store.operate([Operation("sessions", "insert", key, session()) for key in keys])
    await store.operate([Operation("sessions", "delete", {"stream_id": account}, rows=3)])
    assert [await found(store, key) for key in keys] == [None] * 3


async def test_operations_happen_with_their_commit(store: Store) -> None:
    stream, key = await new_workspace(store), place()
    await store.append(
        commit(
            stream,
            new_task(),
            operations=[
                Operation("sessions", "insert", key, session()),
                Operation("sessions", "update", key, {"sealed": "x"}, rows=1),
            ],
        )
    )
    assert await found(store, key) == key | session(sealed="x")


async def test_one_that_fails_does_not_fail_its_neighbours(store: Store) -> None:
    keys = [place() for _ in range(8)]
    bad = Operation("sessions", "delete", place(), rows=1)
    outcomes = await asyncio.gather(
        *(
            store.operate(
                [Operation("sessions", "insert", key, session()), *([bad] if i % 3 == 0 else [])]
            )
            for i, key in enumerate(keys)
        ),
        return_exceptions=True,
    )
    for i, (key, outcome) in enumerate(zip(keys, outcomes, strict=True)):
        assert (outcome is None) == (await found(store, key) is not None) == (i % 3 != 0)


JOBS = Statement(
    "jobs_of",
    select(jobs.c.id, jobs.c.state, jobs.c.attempts, jobs.c.result).where(
        jobs.c.stream_id == bindparam("stream_id")
    ),
)
PLACES = Statement(
    "places_of",
    select(inbox.c.consumer, inbox.c.seq).where(inbox.c.stream_id == bindparam("stream_id")),
)


def job(rng: random.Random, **values: Any) -> dict[str, Any]:
    told = {"state": rng.choice(["waiting", "done"]), "attempts": rng.randrange(9)}
    made = {"kind": "k", "args": {}, "due_at": AT, "progress": 0, "created_at": AT}
    return made | told | {"result": None, "error": None} | values


@pytest.mark.parametrize("seed", range(8))
async def test_writes_that_go_out_together_do_what_they_would_one_after_the_other(
    store: Store, seed: int
) -> None:
    rng, stream = random.Random(seed), new_id()
    ids, names = [new_id() for _ in range(6)], ["a", "b", "c"]
    model: dict[str, dict[str, Any]] = {}
    moved: dict[str, int] = {}

    def on_a_job() -> Operation:
        one = rng.choice(ids)
        key, there = {"stream_id": stream, "id": one}, one in model
        op: Any = rng.choice(["upsert", "keep", "update", "part", "delete", "insert"])
        rows = rng.choice([None, 1]) if there else None
        if op in ("upsert", "keep") or (op == "insert" and not there):
            values = job(rng)
            if op != "keep" or not there:
                model[one] = values
            if op == "upsert" and rng.random() < 0.5:
                ended = {"finished_at": AT, "expires_at": None}
                return Operation("jobs", op, key, values | ended)
            return Operation("jobs", op, key, values)
        if op == "delete":
            model.pop(one, None)
            return Operation("jobs", "delete", key, rows=rows)
        values = {"attempts": rng.randrange(9)} | ({"result": [1]} if op == "part" else {})
        if there:
            model[one] = model[one] | values
        return Operation("jobs", "update", key, values, rows=rows)

    def on_a_place() -> Operation:
        name, seq = rng.choice(names), rng.randrange(9)
        key: dict[str, Any] = {"stream_id": stream, "consumer": name}
        if name in moved and rng.random() < 0.7:
            key["seq"], moved[name] = moved[name], seq
            return Operation("inbox", "update", key, {"seq": seq}, rows=1)
        moved[name] = seq
        return Operation("inbox", "upsert", key, {"seq": seq})

    for _ in range(5):
        together = [
            [rng.choice([on_a_job, on_a_place])() for _ in range(rng.randrange(1, 12))]
            for _ in range(6)
        ]
        await asyncio.gather(*map(store.operate, together))
        found = {row[0]: tuple(row)[1:] for row in await store.fetch(JOBS, {"stream_id": stream})}
        wanted = ("state", "attempts", "result")
        assert found == {one: tuple(row[n] for n in wanted) for one, row in model.items()}
        rows = await store.fetch(PLACES, {"stream_id": stream})
        assert dict(rows) == moved
