"""What is written comes back as it was, from the log and from the tables."""

import asyncio
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import bindparam, select
from tests.services.commits import (
    add_task,
    commit,
    folded,
    label_fields,
    new_task,
    new_workspace,
    update,
    whole_log,
)

from tidework.errors import Invalid
from tidework.ids import new_id
from tidework.log import Change, Committed, Expect, Operation
from tidework.store.protocol import Contended, Store
from tidework.store.sql.schema import audit, labels, tasks
from tidework.store.sql.statement import Statement
from tidework.store.sql.tables import any_of
from tidework.store.verify import verify_stream
from tidework.times import canonical

TASK = Statement(
    "task",
    select(tasks).where(tasks.c.stream_id == bindparam("stream_id"), tasks.c.id == bindparam("id")),
)
TEXTS = {
    "empty": "",
    "emoji": "🧜‍♀️ 🏴󠁧󠁢󠁳󠁣󠁴󠁿 👩🏽‍🚀",
    "combining": "e\u0301 \u0301e a\u0308\u0323 a\u0323\u0308 é",
    "right-to-left": "שלום \u202eabc\u202c مرحبا",
    "quotes": "'; DROP TABLE tasks; -- \" \\ \\u0000 $1 ? %s {} :name",
    "control": "".join(map(chr, range(1, 32))) + "\x7f\x80\x85\u2028\ufeff\ufffe\uffff",
    "blank": " \t\r\n leading and trailing \u00a0 ",
    "astral": "\U0010ffff\U00010000",
    "long": "0123456789abcdef" * 4096,
    "long-emoji": "🌊" * 65_536,
}


async def row_of(store: Store, stream: str, task_id: str) -> dict[str, Any]:
    [row] = await store.fetch(TASK, {"stream_id": stream, "id": task_id})
    return dict(zip((column.name for column in tasks.columns), row, strict=True))


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
async def test_text_comes_back_as_it_was(store: Store, text: str) -> None:
    stream = await new_workspace(store)
    task_id, made = await add_task(store, stream, description=text, label_ids=[text, "b"])
    changed = await store.append(commit(stream, update(task_id, title=text, description="")))

    assert made.changes[0].set["description"] == text
    assert changed.changes[0].was["description"] == text
    assert (await whole_log(store, stream))[1:] == [*made.changes, *changed.changes]
    row = await row_of(store, stream, task_id)
    assert (row["title"], row["description"], row["label_ids"]) == (text, "", [text, "b"])
    expect = Expect("task", task_id, {"title": [text], "label_ids": [[text, "b"]]})
    await store.append(commit(stream, update(task_id, title="x"), expects=[expect]))
    assert await verify_stream(store, stream) == []


@pytest.mark.parametrize("text", ["a\0b", "\ud800", "ok \udfff"], ids=ascii)
async def test_text_that_not_every_database_takes_is_refused(store: Store, text: str) -> None:
    stream = await new_workspace(store)
    task_id, _ = await add_task(store, stream)
    for change in (
        new_task(title=text),
        new_task(label_ids=["x", text]),
        update(task_id, title=text),
    ):
        # Others in the same group must not suffer.
        bad, good = commit(stream, change), commit(stream, new_task())
        refused, written = await gather_outcomes(store, bad, good)
        assert isinstance(refused, Invalid)
        assert not isinstance(written, BaseException)
    assert await store.seqs([stream]) == {stream: 5}
    assert await verify_stream(store, stream) == []


@pytest.mark.parametrize(
    "spoilt",
    [{"request_id": "\ud800"}, {"base_seq": 2**63}, {"actor_id": "\udfff"}, {"at": "\ud900"}],
    ids=str,
)
async def test_a_commit_that_cannot_be_sent_fails_alone(
    store: Store, spoilt: dict[str, Any]
) -> None:
    stream = await new_workspace(store)
    good = [commit(stream, new_task()) for _ in range(3)]
    bad = commit(stream, new_task(), **spoilt)
    first, refused, *rest = await gather_outcomes(store, good[0], bad, *good[1:])
    assert isinstance(refused, Invalid | Contended), repr(refused)
    assert all(isinstance(done, Committed) for done in (first, *rest))
    assert await store.seqs([stream]) == {stream: 4}
    assert await verify_stream(store, stream) == []


async def gather_outcomes(store: Store, *commits: Any) -> list[Any]:
    return await asyncio.gather(*map(store.append, commits), return_exceptions=True)


async def test_a_value_no_database_takes_is_refused_in_a_query(store: Store) -> None:
    stream = await new_workspace(store)
    number = Statement(
        "number",
        select(tasks.c.id).where(
            tasks.c.stream_id == bindparam("stream_id"), tasks.c.number == bindparam("number")
        ),
    )
    title = Statement(
        "title",
        select(tasks.c.id).where(
            tasks.c.stream_id == bindparam("stream_id"), tasks.c.title == bindparam("title")
        ),
    )
    with pytest.raises(Invalid):
        await store.fetch(number, {"stream_id": stream, "number": 2**63})
    assert await store.fetch(number, {"stream_id": stream, "number": 2**63 - 1}) == []
    with pytest.raises(Invalid):
        await store.fetch(title, {"stream_id": stream, "title": "\ud800"})
    titles = Statement(
        "titles",
        select(tasks.c.id).where(
            tasks.c.stream_id == bindparam("stream_id"), any_of(tasks.c.title, "titles")
        ),
    )
    with pytest.raises(Invalid):
        await store.fetch(titles, {"stream_id": stream, "titles": ["ok", "\ud800"]})
    # The connection is still good.
    assert await store.fetch(title, {"stream_id": stream, "title": "🧜"}) == []


MOMENTS = [
    datetime(1, 1, 1, tzinfo=UTC),
    datetime(1, 1, 1, 23, 59, 59, 999_999, tzinfo=timezone(timedelta(hours=-14))),
    datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    datetime(9999, 12, 31, 14, tzinfo=timezone(timedelta(hours=14))),
    datetime(1582, 10, 10, tzinfo=UTC),
    datetime(1900, 2, 28, 12, 0, 0, 1, tzinfo=timezone(timedelta(hours=5, minutes=45))),
    datetime(2024, 2, 29, 23, 59, 60 - 1, 100_000, tzinfo=timezone(timedelta(hours=-9.5))),
    datetime(2026, 3, 29, 2, 30, tzinfo=timezone(timedelta(hours=2))),
    datetime(2038, 1, 19, 3, 14, 8, tzinfo=UTC),
]


@pytest.mark.parametrize("moment", MOMENTS, ids=str)
async def test_times_come_back_to_the_microsecond(store: Store, moment: datetime) -> None:
    stream, text = await new_workspace(store), canonical(moment)
    task_id, made = await add_task(store, stream, due_at=text, created_at=text)
    await store.append(commit(stream, update(task_id, title="x"), at=text))
    changed = await store.append(commit(stream, update(task_id, due_at=None)))

    assert changed.changes[0].was == {"due_at": text}
    row = await row_of(store, stream, task_id)
    assert (row["created_at"], row["due_at"]) == (text, None)
    log = await whole_log(store, stream)
    assert (log[1], log[2].at) == (made.changes[0], text)
    assert datetime.fromisoformat(log[2].at) == moment
    assert await verify_stream(store, stream) == []


async def test_times_sort_as_they_pass(store: Store) -> None:
    stream = await new_workspace(store)
    moments = sorted(map(canonical, MOMENTS))
    for text in reversed(moments):
        await add_task(store, stream, due_at=text)
    statement = Statement(
        "by_due",
        select(tasks.c.due_at)
        .where(tasks.c.stream_id == bindparam("stream_id"), tasks.c.due_at > bindparam("after"))
        .order_by(tasks.c.due_at, tasks.c.id),
    )
    found = await store.fetch(statement, {"stream_id": stream, "after": moments[2]})
    assert [row[0] for row in found] == moments[3:]


async def test_keys_sort_bytewise_whatever_the_locale(store: Store) -> None:
    stream = await new_workspace(store)
    names = ["a", "B", "Z", "_", "é", "ä", "z", "0", "a b", "a-b", "ab", "🧜", "\uff5e"]
    for name in names:
        fields = label_fields(name) | {"name_key": name}
        await store.append(commit(stream, Change("label", new_id(), "create", fields)))
    statement = Statement(
        "labels",
        select(labels.c.name_key)
        .where(labels.c.stream_id == bindparam("stream_id"))
        .order_by(labels.c.name_key),
    )
    found = [row[0] for row in await store.fetch(statement, {"stream_id": stream})]
    assert found == sorted(names, key=str.encode)


async def test_booleans_lists_nulls_and_numbers_keep_their_types(store: Store) -> None:
    account = new_id()
    fields = {
        "email": None,
        "name": "Ann",
        "role": "user",
        "is_active": True,
        "placeholder": False,
        "personal_workspace_id": new_id(),
        "created_at": "2026-01-02T03:04:05.000000Z",
    }
    token = {
        "name": "ci",
        "scopes": ["tasks:read", "tasks:write"],
        "digest": "d",
        "expires_at": None,
        "created_at": "2026-01-02T03:04:05.000000Z",
    }
    token_id = new_id()
    await store.append(
        commit(
            account,
            Change("account", account, "create", fields),
            Change("api_token", token_id, "create", token),
            creates="account",
        )
    )
    changed = await store.append(
        commit(
            account, Change("account", account, "update", {"is_active": False, "email": "a@b.c"})
        )
    )
    assert changed.changes[0].was == {"is_active": True, "email": None}
    assert changed.changes[0].was["is_active"] is True
    state = await folded(store, account)
    assert state["account", account].fields == fields | {"is_active": False, "email": "a@b.c"}
    assert state["api_token", token_id].fields == token
    assert await verify_stream(store, account) == []


async def test_json_of_operational_tables_comes_back(store: Store) -> None:
    audit_id = new_id()
    detail = {"": [], "q": "🧜 \\u0000", "nested": [{"a": [1, -(2**53), None, True, 1.5]}], "z": {}}
    values = {
        "at": "2026-01-02T03:04:05.678901Z",
        "actor_id": None,
        "action": "search",
        "target_id": new_id(),
        "detail": detail,
        "request_id": None,
    }
    await store.operate([Operation("audit", "insert", {"id": audit_id}, values)])
    statement = Statement(
        "audit", select(audit).where(any_of(audit.c.id, "ids")), fan_out="has no stream"
    )
    [row] = await store.fetch(statement, {"ids": [audit_id, new_id()]})
    assert dict(zip((c.name for c in audit.columns), row, strict=True)) == {
        "id": audit_id,
        **values,
    }
    assert await store.fetch(statement, {"ids": []}) == []
