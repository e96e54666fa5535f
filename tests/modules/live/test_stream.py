"""Event streams: every commit once, in order, from where the reader was."""

import asyncio
import sqlite3
from contextlib import AsyncExitStack, closing
from typing import Any

import asyncpg
import pytest
from tests.modules.live.world import refused, seqs, tasks
from tests.services.api import Api, database_url  # noqa: F401  (of each kind)
from tests.services.live import listening

from tidework.composition import open_services
from tidework.log import Change, Commit
from tidework.times import now


async def test_a_commit_comes_as_changes_has_it(api: Api) -> None:
    ada = await api.person()
    async with listening(ada) as stream:
        ready = await stream.next("ready")
        assert ready.id == ready.data["seq"] == 1
        assert stream.headers["content-type"] == "text/event-stream"
        assert stream.headers["cache-control"] == "no-store"
        assert "content-length" not in stream.headers
        made = await ada.post("~/tasks", {"title": "Mend the boat"})
        event = await stream.next()
        told = (await ada.get("~/changes?since=1")).json()
        assert event.id == int(made.headers["tidework-seq"]) == 2
        assert event.data["changes"] == told["changes"]
        assert {name: event.data[name] for name in ("seq", "actor_id", "events", "whole")} == {
            "seq": 2, "actor_id": ada.id, "events": ["task.created"], "whole": True,
        }  # fmt: skip
        await ada.patch(f"~/tasks/{made.json()['id']}", {"status": "completed"})
        assert (await stream.next()).data["events"] == ["task.updated", "task.completed"]


async def test_it_goes_on_after_the_last_id_without_gap_or_repetition(api: Api) -> None:
    ada = await api.person()
    await tasks(ada, 3)
    async with listening(ada, last=2) as stream:
        assert (await stream.next("ready")).id == 2
        assert await seqs(stream, 2) == [3, 4]
        await tasks(ada, 2)
        assert await seqs(stream, 2) == [5, 6]
    await tasks(ada, 2)
    async with listening(ada, last=6, since=1) as stream:
        await stream.next("ready")
        assert await seqs(stream, 2) == [7, 8]
        assert stream.waiting() == []
    async with listening(ada, since=0) as stream:
        await stream.next("ready")
        assert await seqs(stream, 8) == list(range(1, 9))


async def test_without_an_id_it_begins_now(api: Api) -> None:
    ada = await api.person()
    await tasks(ada, 3)
    async with listening(ada) as stream, listening(ada, last="") as other:
        for one in (stream, other):
            assert (await one.next("ready")).id == 4
        await tasks(ada, 1)
        assert await seqs(stream, 1) == await seqs(other, 1) == [5]


async def test_a_long_log_is_caught_up_with_while_it_grows(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tidework.live.pages._PAGE", 3)
    ada = await api.person()
    await tasks(ada, 10)
    async with listening(ada) as other, listening(ada, since=0) as stream:
        await asyncio.gather(tasks(ada, 10, 10), stream.next("ready"), other.next("ready"))
        assert await seqs(stream, 21) == list(range(1, 22))
        assert await seqs(other, 10) == list(range(12, 22))


async def test_who_joins_later_gets_what_the_others_got(api: Api) -> None:
    ada = await api.person()
    async with listening(ada) as first:
        await first.next("ready")
        await tasks(ada, 3)
        await first.commits(3)
        async with listening(ada, last=2) as second:
            await second.next("ready")
            assert await seqs(second, 2) == [3, 4]


async def test_another_workspace_is_not_heard(api: Api) -> None:
    ada = await api.person()
    bob = await api.person()
    async with listening(ada) as stream:
        await stream.next("ready")
        await tasks(bob, 2)
        await tasks(ada, 1)
        [event] = await stream.commits(1)
        assert event.data["actor_id"] == ada.id
        assert stream.waiting() == []


async def test_a_command_beside_the_server_is_heard(api: Api) -> None:
    ada = await api.person()
    async with listening(ada) as stream:
        await stream.next("ready")
        async with open_services(api.settings) as services:
            change = Change("workspace", ada.workspace, "update", {"name": "Renamed"})
            await services.store.append(
                Commit(stream_id=ada.workspace, actor_id=ada.id, at=now(), changes=[change])
            )
        event = await stream.next()
        assert event.data["changes"][0]["set"] == {"name": "Renamed"}


async def test_lost_wakeups_are_made_good(api: Api) -> None:
    ada = await api.person()
    async with listening(ada) as stream:
        await stream.next("ready")
        api.app.streams._unlisten()
        await tasks(ada, 2)
        assert await seqs(stream, 2) == [2, 3]


class CountingStore:
    """Counts the readings of the log that found something."""

    def __init__(self, store: Any) -> None:
        self._store = store
        self.readings = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def log(self, *args: Any, **options: Any) -> Any:
        found = await self._store.log(*args, **options)
        self.readings += bool(found)
        return found


async def test_the_log_is_read_once_for_all(api: Api) -> None:
    ada = await api.person()
    live = api.app.streams
    counting = live._store = live._pages._store = CountingStore(live._store)
    async with AsyncExitStack() as stack:
        streams = [await stack.enter_async_context(listening(ada)) for _ in range(20)]
        await asyncio.gather(*(stream.next("ready") for stream in streams))
        await tasks(ada, 5)
        for stream in streams:
            assert await seqs(stream, 5) == [2, 3, 4, 5, 6]
        assert 1 <= counting.readings <= 5
    counting.readings = 0
    async with AsyncExitStack() as stack:
        opened = [stack.enter_async_context(listening(ada, last=1)) for _ in range(20)]
        streams = await asyncio.gather(*opened)
        for stream in streams:
            await stream.next("ready")
            assert await seqs(stream, 5) == [2, 3, 4, 5, 6]
        # A page is kept for a second, so that it may have to be read once more.
        assert 1 <= counting.readings <= 4


async def test_an_id_that_the_log_does_not_have_is_gone(api: Api) -> None:
    ada = await api.person()
    await tasks(ada, 3)
    for kind in ("sse", "websocket"):
        async with listening(ada, last=99, kind=kind) as ahead:
            await refused(ahead, kind, 410, "gone")
    store = api.app.streams._store
    await _compact(api, ada.workspace, 2)
    async with listening(ada, last=1) as behind:
        await refused(behind, "sse", 410, "gone")
    async with listening(ada, last=2) as there:
        await there.next("ready")
        assert await seqs(there, 2) == [3, 4]
    assert store.history == api.app.streams._history


async def test_a_new_history_makes_readers_start_over(api: Api) -> None:
    ada = await api.person()
    async with listening(ada) as stream:
        await stream.next("ready")
        # As after a fail-over to a standby.
        api.app.streams._history = -1
        assert await stream.end() == "gone"
    async with listening(ada) as stream:
        await stream.next("ready")
        await tasks(ada, 1)
        await stream.next()


async def test_personal_is_a_workspace_too(api: Api) -> None:
    ada = await api.person()
    async with listening(ada, workspace="personal") as stream:
        await stream.next("ready")
        await tasks(ada, 1)
        assert await seqs(stream, 1) == [2]


async def _compact(api: Api, workspace: str, seq: int) -> None:
    """As compaction will: nothing of this version drops what is old."""
    update = f"UPDATE streams SET kept_since = {seq} WHERE stream_id = '{workspace}'"
    path = api.settings.database_path
    if path is not None:
        with closing(sqlite3.connect(path, timeout=30)) as connection, connection:
            connection.execute(update)
        return
    connection = await asyncpg.connect(api.settings.database_url)
    try:
        await connection.execute(update)
    finally:
        await connection.close()
