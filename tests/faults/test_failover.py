"""Another server becomes the primary: no acknowledged write is lost, no former primary is written."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest
from tests.services.commits import (
    add_task,
    commit,
    new_task,
    new_workspace,
    seqs_of,
    whole_log,
)
from tests.services.opening import make_store
from tests.services.postgres import Postgres
from tests.services.replication import Replication, Standby, configure, replicated, to_break

from tidework.errors import OutcomeUnknown, Unavailable
from tidework.log import Committed
from tidework.store.sql.postgres import PostgresStore
from tidework.store.verify import verify_stream

__all__ = ["replicated", "to_break"]

WAITING = "SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep'"


async def opened(url: str, **options: Any) -> PostgresStore:
    store = make_store(url, **{"statement_timeout": 2.0, "settle_timeout": 15.0, **options})
    assert isinstance(store, PostgresStore)
    await store.start()
    return store


async def until(true: Callable[[], bool], what: str, deadline: float = 30.0) -> None:
    end = time.monotonic() + deadline
    while not await asyncio.to_thread(true):
        assert time.monotonic() < end, f"not within {deadline:g} s: {what}"
        await asyncio.sleep(0.02)


def tasks_on(server: Postgres, made: Replication) -> int:
    [[(count,)]] = server.execute("SELECT count(*) FROM tasks", database=made.database)
    return int(count)


def received(standby: Standby) -> int:
    """How far a standby's copy of the log goes."""
    query = "SELECT pg_wal_lsn_diff(pg_last_wal_receive_lsn(), '0/0')::bigint"
    [[(position,)]] = standby.execute(query)
    return int(position)


class Writers:
    """Clients that create tasks, and what each was told."""

    def __init__(self, store: PostgresStore, stream: str, count: int) -> None:
        self.acknowledged: list[str] = []
        self.failed: list[str] = []
        self.unknown: list[str] = []
        self._stop = asyncio.Event()
        self._tasks = [asyncio.create_task(self._write(store, stream)) for _ in range(count)]

    async def _write(self, store: PostgresStore, stream: str) -> None:
        while not self._stop.is_set():
            change = new_task()
            try:
                await store.append(commit(stream, change))
            except OutcomeUnknown:
                self.unknown.append(change.id)
            except Unavailable:
                self.failed.append(change.id)
                await asyncio.sleep(0.05)
            else:
                self.acknowledged.append(change.id)

    async def stop(self) -> None:
        self._stop.set()
        await asyncio.gather(*self._tasks)

    def held_against(self, ids: set[str]) -> None:
        """What was told must be true of the log that goes on."""
        assert set(self.acknowledged) <= ids, "an acknowledged write is lost"
        assert not set(self.failed) & ids, "a write that was told to have failed has happened"


@pytest.mark.parametrize("end", ["killed", "frozen"])
async def test_writing_goes_on_with_the_standby_that_is_promoted(
    to_break: Replication, end: str
) -> None:
    """Seen red with `Primary._look` taking the first primary that answers, whatever its timeline
    (the former one is written again), and without `drop` (`frozen`: nothing goes on)."""
    primary, standbys = to_break.primary, to_break.standbys
    names = ", ".join(standby.standby_name for standby in standbys)
    configure(primary, synchronous_standby_names=f"ANY 1 ({names})")
    store = await opened(to_break.multi_url, replica_urls=to_break.replica_urls)
    stream = await new_workspace(store)
    writers = Writers(store, stream, 8)
    await until(lambda: len(writers.acknowledged) > 100, "writing")
    if end == "killed":
        await asyncio.to_thread(primary.kill)
    else:
        primary.freeze()
    # The one that has most has all that was acknowledged.
    other, heir = sorted(standbys, key=received)
    await asyncio.to_thread(heir.promote)
    other.follow(heir)
    before = len(writers.acknowledged)
    await until(lambda: len(writers.acknowledged) > before + 100, "writing goes on")

    # The former one comes back as it was, and takes writes.
    if end == "killed":
        await asyncio.to_thread(primary.start)
    else:
        primary.thaw()
    configure(primary, synchronous_standby_names="")
    former = tasks_on(primary, to_break)
    before = len(writers.acknowledged)
    await until(lambda: len(writers.acknowledged) > before + 100, "writing goes on")
    # A copy that starts now knows nothing of what has been.
    late = await opened(to_break.multi_url)
    await add_task(late, stream)
    await writers.stop()
    assert tasks_on(primary, to_break) == former
    log = await whole_log(store, stream)
    assert seqs_of(log) == list(range(1, len(log) + 1))
    assert await verify_stream(store, stream) == []
    writers.held_against({change.id for change in log})
    # With the present primary gone, the former one is still none.
    await asyncio.to_thread(heir.stop, "immediate")
    with pytest.raises(Unavailable):
        await add_task(store, stream)
    with pytest.raises(Unavailable):
        await store.seqs([stream])
    assert tasks_on(primary, to_break) == former
    await asyncio.to_thread(heir.start)
    await until_written(store, stream)
    await until(lambda: any(one.usable for one in store.replicas), "a replica follows the heir")
    await late.close()
    await store.close()


async def until_written(store: PostgresStore, stream: str) -> None:
    end = time.monotonic() + 30
    while True:
        try:
            await add_task(store, stream)
        except Unavailable:
            assert time.monotonic() < end
            await asyncio.sleep(0.05)
        else:
            return


async def told(store: PostgresStore, stream: str) -> int | None:
    """Its seq; None while the store changes from one server to another."""
    try:
        return (await store.seqs([stream]))[stream]
    except Unavailable:
        return None


async def test_reads_leave_a_former_primary_that_still_answers(to_break: Replication) -> None:
    """Seen red without `Pool.current`: the former primary's seq is told."""
    primary, (heir, _) = to_break.primary, to_break.standbys
    reading, writing = await opened(to_break.multi_url), await opened(to_break.multi_url)
    stream = await new_workspace(writing)
    assert await reading.seqs([stream]) == {stream: 1}
    await until(lambda: heir.caught_up(primary), "the heir has it")
    # Nothing tells the former one that it is one.
    await asyncio.to_thread(heir.promote)
    end = time.monotonic() + 30
    # A write before the promotion was seen may have gone to the former one.
    while not (written := tasks_on(heir, to_break)):
        assert time.monotonic() < end
        await until_written(writing, stream)
    while await told(reading, stream) != 1 + written:
        assert time.monotonic() < end
        await asyncio.sleep(0.02)
    assert (await writing.seqs([stream])) == (await reading.seqs([stream]))
    await writing.close()
    await reading.close()


@pytest.mark.parametrize("how", ["pg_cancel_backend", "pg_terminate_backend"])
async def test_a_commit_that_its_standby_may_lack_is_not_acknowledged(
    replicated: Replication, how: str
) -> None:
    """The server says COMMIT when its wait for the standby is cancelled.

    Seen red without `_hold` (cancel) and without the barrier (terminate): it is acknowledged.
    """
    primary, (standby, _) = replicated.primary, replicated.standbys
    store = await opened(replicated.url, settle_timeout=2.0)
    stream = await new_workspace(store)
    configure(primary, synchronous_standby_names=standby.standby_name)
    try:
        standby.freeze()
        waiting = asyncio.create_task(store.append(commit(stream, new_task())))
        await until(lambda: bool(primary.execute(WAITING)[0]), "the commit waits")
        await asyncio.to_thread(primary.execute, f"SELECT {how}(pid) FROM ({WAITING}) AS waiting")
        with pytest.raises(OutcomeUnknown, match="Idempotency-Key"):
            await waiting
        # The same, but the standby is back in time: then it is as durable as any other.
        waiting = asyncio.create_task(store.append(commit(stream, new_task())))
        await until(lambda: bool(primary.execute(WAITING)[0]), "the commit waits")
        await asyncio.to_thread(primary.execute, f"SELECT {how}(pid) FROM ({WAITING}) AS waiting")
        standby.thaw()
        assert isinstance(await waiting, Committed)
    finally:
        standby.thaw()
        configure(primary, synchronous_standby_names="")
    assert await verify_stream(store, stream) == []
    await store.close()


async def test_what_became_of_a_commit_is_not_guessed(replicated: Replication) -> None:
    """The primary is silent and no other one is there: the outcome is unknown, not failed."""
    store = await opened(replicated.multi_url, settle_timeout=1.0, write_timeout=0.5)
    stream = await new_workspace(store)
    replicated.primary.freeze()
    try:
        with pytest.raises(OutcomeUnknown):
            await store.append(commit(stream, new_task()))
    finally:
        replicated.primary.thaw()
    await until_written(store, stream)
    assert await verify_stream(store, stream) == []
    await store.close()


async def test_a_standby_is_not_taken_for_the_primary(replicated: Replication) -> None:
    for url in replicated.replica_urls:
        with pytest.raises(Unavailable) as caught:
            await opened(url)
        assert "standby" in caught.value.reason
