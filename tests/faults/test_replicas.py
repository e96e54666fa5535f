"""Reads go to replicas; what was acknowledged is never missing, and nothing goes back in time."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Literal

import pytest
from tests.services.commits import add_task, commit, new_task, new_workspace, update
from tests.services.opening import make_store
from tests.services.replication import (
    Replication,
    Standby,
    configure,
    replicated,
    to_break,
)

from tidework.store.observer import Observer
from tidework.store.sql import replica
from tidework.store.sql.postgres import PostgresStore
from tidework.store.sql.queries import STREAM
from tidework.store.sql.statement import Statement
from tidework.tasks import queries

__all__ = ["replicated", "to_break"]

LIST = queries.task_list(frozenset(), "created_at", False, False, False)


class Counting(Observer):
    """Counts reads by what answered them."""

    def __init__(self) -> None:
        self.reads: Counter[str] = Counter()
        self.queries: Counter[str] = Counter()

    def query(self, name: str, seconds: float) -> None:
        self.queries[name] += 1

    def read(self, target: Literal["primary", "replica"]) -> None:
        self.reads[target] += 1


async def until(true: Callable[[], bool], what: str, deadline: float = 30.0) -> None:
    end = time.monotonic() + deadline
    while not true():
        assert time.monotonic() < end, f"not within {deadline:g} s: {what}"
        await asyncio.sleep(0.02)


def usable(store: PostgresStore) -> int:
    return sum(one.usable for one in store.replicas)


@asynccontextmanager
async def copies(
    made: Replication, count: int = 1, url: str = "", **options: Any
) -> AsyncIterator[list[tuple[PostgresStore, Counting]]]:
    """Stores as that many copies of the server would have, once all replicas are asked."""
    async with AsyncExitStack() as stack:
        opened = []
        for _ in range(count):
            seen = Counting()
            store = make_store(
                url or made.url, replica_urls=made.replica_urls, observer=seen, **options
            )
            assert isinstance(store, PostgresStore)
            await store.start()
            stack.push_async_callback(store.close)
            opened.append((store, seen))
        for store, _ in opened:
            await until(lambda store=store: usable(store) == len(made.standbys), "all are asked")  # type: ignore[misc]
        yield opened


async def answer(store: PostgresStore, stream: str, statement: Statement, **params: Any) -> Any:
    """What a GET would be answered with now."""
    seq = (await store.seqs([stream])).get(stream, 0)
    reader = store.answers.at(stream, seq)
    return await reader.fetch(statement, {"stream_id": stream, **params})


async def task(store: PostgresStore, stream: str, task_id: str) -> Any:
    return await answer(store, stream, queries.TASK, id=task_id)


async def test_written_on_one_copy_and_read_on_another_at_once(replicated: Replication) -> None:
    """Seen red without the comparison with the seq (`reached.seq >=`): hundreds are missing."""
    async with copies(replicated, 2) as [(one, _), (two, seen)]:
        streams = [await new_workspace(one) for _ in range(8)]

        async def client(stream: str) -> int:
            stale = 0
            for number in range(250):
                task_id, done = await add_task(one, stream, title=str(number))
                rows = await task(two, stream, task_id)
                stale += not rows or rows[0][0] < done.seq
            return stale

        assert sum(await asyncio.gather(*map(client, streams))) == 0
        assert seen.reads["replica"] > 0


@pytest.mark.parametrize("apart", [False, True], ids=["0s", "0s and 3s"])
async def test_sessions_never_miss_their_own_writes_nor_go_back(
    replicated: Replication, apart: bool
) -> None:
    """Sessions that move between copies. Seen red without `reached.seq >=`."""
    slow = replicated.standbys[0]
    if apart:
        slow.configure(recovery_min_apply_delay="3s")
    try:
        async with copies(replicated, 2) as opened:
            stores = [store for store, _ in opened]
            streams = [await new_workspace(stores[0]) for _ in range(20)]
            made = [await add_task(stores[0], stream) for stream in streams]
            dice = random.Random(7)

            async def session(number: int) -> None:
                place = number % len(streams)
                stream, (task_id, _) = streams[place], made[place]
                highest = 0
                for turn in range(12):
                    store = dice.choice(stores)
                    if dice.random() < 0.2:
                        change = update(task_id, title=f"{number} {turn}")
                        highest = max(highest, (await store.append(commit(stream, change))).seq)
                    else:
                        [row] = await task(store, stream, task_id)
                        assert row[0] >= highest, "went back in time"
                        highest = row[0]

            await asyncio.gather(*map(session, range(500)))
            total = sum((seen.reads for _, seen in opened), Counter())
            assert total["replica"] > 0
    finally:
        if apart:
            slow.configure(recovery_min_apply_delay="0")


async def test_a_replica_that_lags_is_asked_about_a_stream_once(replicated: Replication) -> None:
    """Seen red without `missed`: each read asks it first."""
    slow = replicated.standbys[0]
    only = Replication(replicated.primary, [slow], replicated.database)
    try:
        async with copies(only) as [(store, seen)]:
            slow.configure(recovery_min_apply_delay="1h")
            [lagging] = store.replicas
            stream = await new_workspace(store)
            await until(lambda: (lagging.lag or 0) > 1.0, "the lag is seen")
            for _ in range(50):
                assert len(await answer(store, stream, LIST, limit=20)) == 1
            assert seen.reads == {"primary": 50}
            # The primary's, and the one or two that the replica was asked in vain.
            assert seen.queries["task_list"] <= 52
    finally:
        slow.configure(recovery_min_apply_delay="0")


async def test_an_empty_answer_is_an_answer(replicated: Replication) -> None:
    async with copies(replicated) as [(store, seen)]:
        stream = await new_workspace(store)
        task_id, _ = await add_task(store, stream)
        await until(lambda: all(s.caught_up(replicated.primary) for s in replicated.standbys), "")
        seen.reads.clear()
        nobody = "00000000-0000-7000-8000-000000000000"
        assert await task(store, stream, nobody) == []
        assert len(await task(store, stream, task_id)) == 1
        # The stream itself is not there: no node can answer for it, and the primary says so.
        assert await answer(store, nobody, STREAM) == []
        assert seen.reads == {"replica": 2, "primary": 1}


async def test_answers_are_the_same_from_everywhere(replicated: Replication) -> None:
    """Every list, sorted and filtered: the same rows in the same order."""
    async with copies(replicated) as [(store, seen)]:
        stream = await new_workspace(store)
        dice = random.Random(3)
        for number in range(60):
            await add_task(
                store, stream, title=f"Task {dice.randrange(40)} {'ä' * (number % 3)}",
                priority=dice.choice(["low", "medium", "high", "urgent"]),
                due_at=dice.choice([None, f"2026-05-{number % 28 + 1:02}T00:00:00.000000Z"]),
            )  # fmt: skip
        await until(lambda: all(s.caught_up(replicated.primary) for s in replicated.standbys), "")
        seen.reads.clear()
        shapes = 0
        for sort in queries.SORTS:
            for descending in (False, True):
                statement = queries.task_list(frozenset(), sort, descending, False, False)
                params = {"stream_id": stream, "limit": 30}
                expected = [list(row) for row in await store.fetch(statement, params)]
                shown = await answer(store, stream, statement, limit=30)
                assert [list(row) for row in shown] == expected
                shapes += 1
        logged = await store.answers.at(stream, 61).log(stream, since=0, limit=1000)
        assert logged == await store.log(stream, since=0, limit=1000)
        assert seen.reads == {"replica": shapes + 1}


# --- replicas that fail ------------------------------------------------------------------------


HARMS: dict[str, Callable[[Standby], None]] = {
    "frozen": Standby.freeze,
    "stopped": lambda standby: standby.stop("immediate"),
    "killed": Standby.kill,
    "promoted": Standby.promote,
}


@pytest.mark.parametrize("harm", list(HARMS))
async def test_a_replica_fails_under_reads(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, harm: str
) -> None:
    """No error, nothing stale, and not every request waits for the one that is gone.

    Seen red without the budget (`frozen`: requests wait for the statement's timeout), and with
    `pg_is_in_recovery()` left out (`promoted`: what it has by itself is shown).
    """
    fixture = "to_break" if harm == "promoted" else "replicated"
    made: Replication = request.getfixturevalue(fixture)
    if harm == "frozen":
        # Requests have to notice by themselves.
        monkeypatch.setattr(replica, "_DEADLINE_S", 120.0)
    try:
        await fail_under_reads(made, harm)
    finally:
        if harm != "promoted":
            await asyncio.to_thread(made.standbys[0].heal)


async def fail_under_reads(cluster: Replication, harm: str) -> None:
    broken = cluster.standbys[0]
    async with copies(cluster) as [(store, seen)]:
        streams = [await new_workspace(store) for _ in range(5)]
        made = {stream: await add_task(store, stream) for stream in streams}
        stop = asyncio.Event()
        waits: list[float] = []

        async def client(stream: str) -> None:
            while not stop.is_set():
                started = time.monotonic()
                rows = await task(store, stream, made[stream][0])
                waits.append(time.monotonic() - started)
                assert rows[0][0] >= made[stream][1].seq
                assert rows[0][6] == "Mend the boat"
                await asyncio.sleep(0)

        clients = [asyncio.create_task(client(stream)) for stream in streams]
        await until(lambda: seen.reads["replica"] > 100, "replicas are asked")
        # A share, or what takes longer than ever while all was well: a machine may be busy.
        long = max(0.2, 2 * max(waits))
        await asyncio.to_thread(HARMS[harm], broken)
        if harm == "promoted":
            # What it writes by itself is another history.
            bogus = "UPDATE tasks SET title = 'Of another history'"
            await asyncio.to_thread(broken.execute, bogus, database=cluster.database)
        await until(lambda: usable(store) == 1, "it is given up")
        before = seen.reads.copy()
        await until(
            lambda: seen.reads["replica"] > before["replica"] + 100, "the other one is asked"
        )
        stop.set()
        await asyncio.gather(*clients)
        [row] = await task(store, streams[0], made[streams[0]][0])
        assert row[0] == 2
        # A request loses its share on the one that is gone, and only those that were under way.
        assert len([wait for wait in waits if wait > long]) <= 3 * len(streams)
        if harm == "frozen":
            broken.thaw()
            await until(lambda: usable(store) == 2, "it is asked again")


async def test_without_any_replica_the_primary_answers(replicated: Replication) -> None:
    async with copies(replicated) as [(store, seen)]:
        stream = await new_workspace(store)
        for standby in replicated.standbys:
            await asyncio.to_thread(standby.stop, "immediate")
        for _ in range(20):
            assert len(await answer(store, stream, LIST, limit=20)) == 1
        await until(lambda: usable(store) == 0, "all are given up")
        seen.reads.clear()
        assert len(await answer(store, stream, LIST, limit=20)) == 1
        assert seen.reads == {"primary": 1}
        for standby in replicated.standbys:
            await asyncio.to_thread(standby.start)
        await until(lambda: usable(store) == 2, "they are found again")


async def test_nothing_is_shown_that_the_primary_does_not_show_yet(
    replicated: Replication,
) -> None:
    """A commit waits for its synchronous standby; the other standby has it already.

    Seen red without `_is_told`: the replica's newer state is shown, then the primary's older one.
    """
    silent, ahead = replicated.standbys
    only = Replication(replicated.primary, [ahead], replicated.database)
    async with copies(only) as [(store, _)]:
        stream = await new_workspace(store)
        task_id, first = await add_task(store, stream)
        configure(replicated.primary, synchronous_standby_names=silent.standby_name)
        silent.freeze()
        waiting = asyncio.create_task(store.append(commit(stream, update(task_id, title="new"))))
        look = f"SELECT seq FROM streams WHERE stream_id = '{stream}'"

        def reached() -> bool:
            return ahead.execute(look, database=replicated.database) == [[(first.seq + 1,)]]

        await until(reached, "the other standby has it")
        for _ in range(10):
            [row] = await task(store, stream, task_id)
            assert row[0] == first.seq
        assert not waiting.done()
        silent.thaw()
        configure(replicated.primary, synchronous_standby_names="")
        assert (await waiting).seq == first.seq + 1
        [row] = await task(store, stream, task_id)
        assert row[0] == first.seq + 1


async def test_a_replica_of_a_former_primary_is_not_asked(to_break: Replication) -> None:
    """Two primaries, each with a standby: what the former one's standby has is another history.

    Seen red with `marked` not compared: the former one's title is shown.
    """
    former, (heir, loyal) = to_break.primary, to_break.standbys
    async with copies(to_break, url=to_break.multi_url) as [(store, seen)]:
        stream = await new_workspace(store)
        task_id, _ = await add_task(store, stream)
        await until(lambda: all(s.caught_up(former) for s in to_break.standbys), "both have it")
        await asyncio.to_thread(heir.promote)
        await until(lambda: usable(store) == 0, "the loyal one is given up")
        # The former primary goes on by itself, and its standby with it.
        await asyncio.to_thread(
            former.execute, "UPDATE tasks SET title = 'Former'", database=to_break.database
        )
        await until(lambda: loyal.caught_up(former), "the loyal one has it")
        seen.reads.clear()
        for _ in range(20):
            [row] = await task(store, stream, task_id)
            assert row[6] == "Mend the boat"
        assert seen.reads == {"primary": 20}


# --- what decides ------------------------------------------------------------------------------


async def test_what_decides_is_never_read_from_a_replica(replicated: Replication) -> None:
    async with copies(replicated) as [(store, seen)]:
        stream = await new_workspace(store)
        task_id, _ = await add_task(store, stream)
        change = new_task()
        await store.append(commit(stream, change, base_seq=2))
        await store.fetch(queries.TASK, {"stream_id": stream, "id": task_id})
        await store.log(stream)
        assert seen.reads == {}
