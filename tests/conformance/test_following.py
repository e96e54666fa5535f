"""What follows a commit: relay, consumers and jobs, on every store."""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from sqlalchemy import bindparam, select
from tests.services.commits import commit, new_task, new_workspace
from tests.services.stores import Database

from tidework.bus.catalogue import LoggedCommit
from tidework.bus.consumers import Consumers
from tidework.bus.event import Event
from tidework.bus.jobs import ClaimLost, GiveUp, Job, Jobs, Reschedule, Retry
from tidework.bus.memory import MemoryBus
from tidework.bus.relay import Relay
from tidework.errors import Unavailable
from tidework.ids import new_id
from tidework.log import Operation
from tidework.store.protocol import Store
from tidework.store.sql.schema import dead_events, import_marks, inbox, jobs, streams
from tidework.store.sql.statement import Statement
from tidework.times import after, now

MARKS = Statement(
    "marks",
    select(import_marks.c.foreign_id)
    .where(import_marks.c.stream_id == bindparam("stream_id"))
    .order_by(import_marks.c.foreign_id),
)
DEAD = Statement(
    "dead",
    select(dead_events.c.id, dead_events.c.consumer, dead_events.c.seq).where(
        dead_events.c.stream_id == bindparam("stream_id")
    ),
)
JOB = Statement(
    "job",
    select(jobs.c.state, jobs.c.attempts, jobs.c.error, jobs.c.args, jobs.c.progress).where(
        jobs.c.stream_id == bindparam("stream_id"), jobs.c.id == bindparam("id")
    ),
)
STREAM = Statement(
    "stream_state",
    select(streams.c.seq, streams.c.relayed, streams.c.pending).where(
        streams.c.stream_id == bindparam("stream_id")
    ),
)
PLACE = Statement("place", select(inbox.c.seq).where(inbox.c.stream_id == bindparam("stream_id")))


async def until(condition: Callable[[], Any], what: str, seconds: float = 20.0) -> None:
    """Wait for a condition; what it returns may have to be awaited."""
    async with asyncio.timeout(seconds):
        while True:
            met = condition()
            if asyncio.iscoroutine(met):
                met = await met
            if met:
                return
            await asyncio.sleep(0.01)
    pytest.fail(what)


def mark(stream_id: str, seq: int) -> Operation:
    """An effect that fails when it happens twice."""
    key = {"stream_id": stream_id, "source": "test", "foreign_id": f"{seq:06}"}
    return Operation("import_marks", "insert", key, {"entity_id": new_id(), "fingerprint": ""})


class Marking:
    """A consumer whose effect may happen once only, and which notes what it was given."""

    name = "marking"

    def __init__(self, fail: Callable[[LoggedCommit], bool] = lambda _: False) -> None:
        self.given: list[int] = []
        self.fail = fail

    async def handle(self, commit: LoggedCommit) -> Sequence[Operation]:
        self.given.append(commit.seq)
        await asyncio.sleep(0)
        if self.fail(commit):
            raise ValueError("this consumer cannot")
        return [mark(commit.stream_id, commit.seq)]


class Idle:
    """A consumer that nothing follows for."""

    name = "idle"

    def __init__(self) -> None:
        self.given: list[int] = []

    async def handle(self, commit: LoggedCommit) -> Sequence[Operation]:
        self.given.append(commit.seq)
        return ()


async def write_tasks(store: Store, count: int) -> str:
    stream = await new_workspace(store)
    for _ in range(count):
        await store.append(commit(stream, new_task()))
    return stream


async def state(store: Store, stream: str) -> tuple[Any, ...]:
    return tuple((await store.fetch(STREAM, {"stream_id": stream}))[0])


async def marks_of(store: Store, stream: str) -> list[int]:
    return [int(row[0]) for row in await store.fetch(MARKS, {"stream_id": stream})]


# --- consumers ---------------------------------------------------------------------------------


async def test_every_commit_has_its_effect_once_however_many_take_it_in(
    database: Database,
) -> None:
    stores = [await database.open() for _ in range(3)]
    stream = await write_tasks(stores[0], 30)
    takers = [Consumers(store, [Marking()]) for store in stores]
    await asyncio.gather(*[taker.catch_up(stream, ["marking"]) for taker in takers for _ in "ab"])
    assert await marks_of(stores[0], stream) == list(range(1, 32))


async def test_commits_come_in_order_and_a_second_delivery_gives_nothing(store: Store) -> None:
    stream = await write_tasks(store, 12)
    consumer = Marking()
    consumers = Consumers(store, [consumer])
    await consumers.catch_up(stream, ["marking"])
    await consumers.catch_up(stream, ["marking"])
    assert consumer.given == list(range(1, 14))


async def test_what_a_consumer_cannot_take_in_is_put_aside_and_can_be_replayed(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tidework.bus.consumers._FIRST_PAUSE_S", 0.001)
    stream = await write_tasks(store, 4)
    consumer = Marking(fail=lambda one: one.seq == 3)
    consumers = Consumers(store, [consumer])
    await consumers.catch_up(stream, ["marking"])
    assert await marks_of(store, stream) == [1, 2, 4, 5]
    ((dead_id, name, seq),) = await store.fetch(DEAD, {"stream_id": stream})
    assert (name, seq) == ("marking", 3)

    with pytest.raises(ValueError, match="cannot"):
        await consumers.replay(stream, dead_id)
    consumer.fail = lambda _: False
    await consumers.replay(stream, dead_id)
    assert await marks_of(store, stream) == [1, 2, 3, 4, 5]
    assert not await store.fetch(DEAD, {"stream_id": stream})


async def test_a_store_that_is_away_is_nobodys_fault(store: Store) -> None:
    stream = await write_tasks(store, 1)

    class Away(Marking):
        async def handle(self, commit: LoggedCommit) -> Sequence[Operation]:
            raise Unavailable("gone")

    with pytest.raises(Unavailable):
        await Consumers(store, [Away()]).catch_up(stream, ["marking"])
    assert not await store.fetch(DEAD, {"stream_id": stream})
    await Consumers(store, [Marking()]).catch_up(stream, ["marking"])
    assert await marks_of(store, stream) == [1, 2]


async def test_places_where_nothing_follows_are_written_down_later(store: Store) -> None:
    stream = await write_tasks(store, 5)
    consumer = Idle()
    consumers = Consumers(store, [consumer])
    await consumers.catch_up(stream, ["idle"])
    await consumers.catch_up(stream, ["idle"])
    assert consumer.given == [1, 2, 3, 4, 5, 6]
    assert await store.fetch(PLACE, {"stream_id": stream}) == []
    await consumers.write_places()
    assert [row[0] for row in await store.fetch(PLACE, {"stream_id": stream})] == [6]


async def test_consumers_at_different_places_each_get_what_they_lack(store: Store) -> None:
    stream = await write_tasks(store, 3)
    idle, marking = Idle(), Marking()
    consumers = Consumers(store, [idle, marking])
    await consumers.catch_up(stream, ["idle"])
    await store.append(commit(stream, new_task()))
    await consumers.catch_up(stream, ["idle", "marking"])
    assert idle.given == [1, 2, 3, 4, 5]
    assert marking.given == [1, 2, 3, 4, 5]


async def test_a_sweep_finds_what_was_missed_in_any_stream(store: Store) -> None:
    found = [await write_tasks(store, count) for count in (0, 2, 5)]
    consumers = Consumers(store, [Marking()])
    assert await consumers.sweep("marking") >= 3
    assert [len(await marks_of(store, stream)) for stream in found] == [1, 3, 6]
    assert await consumers.sweep("marking") == 0


# --- relay -------------------------------------------------------------------------------------


class Recorded:
    """What a bus was given, by stream."""

    def __init__(self) -> None:
        self.seqs: dict[str, list[int]] = {}

    async def take_in(self, events: Sequence[Event]) -> None:
        for event in events:
            self.seqs.setdefault(event.streamid, []).append(event.seq)

    def first_times(self, stream: str) -> list[int]:
        return list(dict.fromkeys(self.seqs.get(stream, [])))


@contextlib.asynccontextmanager
async def relaying(store: Store, recorded: Recorded) -> Any:
    bus = MemoryBus()
    await bus.subscribe("test", recorded.take_in)
    relay = Relay(store, bus)
    relay.start()
    try:
        yield relay
    finally:
        await relay.close()
        await bus.close()


async def test_the_relay_publishes_each_stream_in_order_and_takes_the_mark_away(
    store: Store,
) -> None:
    recorded = Recorded()
    found = [await write_tasks(store, 5) for _ in range(4)]
    async with relaying(store, recorded) as relay:
        await until(
            lambda: all(len(recorded.first_times(one)) == 6 for one in found), "not published"
        )
        for one in found:
            await store.append(commit(one, new_task()))
        relay.wake(found)
        await until(lambda: all(len(recorded.first_times(one)) == 7 for one in found), "not woken")
    assert all(recorded.first_times(one) == list(range(1, 8)) for one in found)
    for one in found:
        assert await state(store, one) == (7, 7, False)


async def test_a_commit_after_the_relay_looked_is_pending_again(store: Store) -> None:
    stream = await write_tasks(store, 1)
    noted = Operation("streams", "relayed", {"stream_id": stream}, {"relayed": 2})
    await store.operate([noted])
    assert await state(store, stream) == (2, 2, False)
    await store.append(commit(stream, new_task()))
    await store.operate([noted])
    assert await state(store, stream) == (3, 2, True)


async def test_relays_share_the_streams_and_take_over_what_one_leaves(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tidework.bus.relay._BEAT_S", 0.1)
    monkeypatch.setattr("tidework.bus.relay._LIFE_S", 3.0)
    stores = [await database.open() for _ in range(2)]
    recorded = [Recorded(), Recorded()]
    async with relaying(stores[0], recorded[0]) as first:
        async with relaying(stores[1], recorded[1]) as second:
            await until(lambda: len(first._living) == 2 == len(second._living), "not acquainted")
            found = [await write_tasks(stores[0], 1) for _ in range(20)]
            both = lambda: [one for r in recorded for one in found if r.first_times(one) == [1, 2]]  # noqa: E731
            await until(lambda: len(both()) == 20, "not all published once")
            assert all(any(r.seqs.get(one) for one in found) for r in recorded)
            # Without a word, as by SIGKILL.
            second._task.cancel()
        for one in found:
            await stores[0].append(commit(one, new_task()))
        await until(
            lambda: all(recorded[0].first_times(one)[-1:] == [3] for one in found),
            "the other's streams are not taken over",
        )


# --- jobs --------------------------------------------------------------------------------------


async def job_row(store: Store, stream: str, job_id: str) -> list[Any]:
    rows = await store.fetch(JOB, {"stream_id": stream, "id": job_id})
    return list(rows[0]) if rows else []


async def test_a_job_is_done_once_by_many(database: Database) -> None:
    stores = [await database.open() for _ in range(4)]
    stream, done = new_id(), []

    async def handler(job: Job) -> Sequence[Operation]:
        done.append(job.args["n"])
        return [mark(stream, job.args["n"])]

    planned = [Jobs.operation(stream, "test", {"n": n}) for n in range(40)]
    await stores[0].operate(planned)
    runners = [Jobs(store) for store in stores]
    for runner in runners:
        runner.register("test", handler, concurrency=8)
    while not len(done) >= 40:
        await asyncio.gather(*[runner.run_due() for runner in runners])
    assert sorted(done) == list(range(40))
    assert await marks_of(stores[0], stream) == list(range(40))


async def test_the_same_id_twice_is_one_job(store: Store) -> None:
    stream, job_id = new_id(), new_id()
    await store.operate([Jobs.operation(stream, "test", {"n": 1}, job_id=job_id)])
    await store.operate([Jobs.operation(stream, "test", {"n": 2}, job_id=job_id)])
    assert (await job_row(store, stream, job_id))[3] == {"n": 1}


async def test_a_job_that_fails_comes_again_and_fails_for_good_at_last(store: Store) -> None:
    stream, job_id, tried = new_id(), new_id(), []

    async def handler(job: Job) -> None:
        tried.append(job.attempt)
        raise Retry("not yet", after_s=0)

    runner = Jobs(store)
    runner.register("test", handler, max_attempts=3)
    await store.operate([Jobs.operation(stream, "test", {}, job_id=job_id)])
    await until(lambda: runner_state(runner, store, stream, job_id, "failed"), "did not fail")
    assert tried == [1, 2, 3]
    assert (await job_row(store, stream, job_id))[2] == "not yet"


async def runner_state(runner: Jobs, store: Store, stream: str, job_id: str, state: str) -> bool:
    await runner.run_due()
    row = await job_row(store, stream, job_id)
    return bool(row) and row[0] == state


async def test_giving_up_and_rescheduling_write_what_they_are_given(store: Store) -> None:
    stream, gives_up, again = new_id(), new_id(), new_id()

    async def handler(job: Job) -> None:
        if job.args.get("give_up"):
            raise GiveUp("never", [mark(stream, 1)])
        raise Reschedule(after(now(), 3600), [mark(stream, 2)], {"later": True})

    runner = Jobs(store)
    runner.register("test", handler)
    await store.operate(
        [
            Jobs.operation(stream, "test", {"give_up": True}, job_id=gives_up),
            Jobs.operation(stream, "test", {}, job_id=again),
        ]
    )
    assert await runner.run_due() == 2
    assert await marks_of(store, stream) == [1, 2]
    assert (await job_row(store, stream, gives_up))[:3] == ["failed", 1, "never"]
    state, attempts, _, args, _ = await job_row(store, stream, again)
    assert (state, attempts, args) == ("waiting", 0, {"later": True})


async def test_who_has_lost_the_claim_writes_nothing(store: Store) -> None:
    stream, job_id, lost = new_id(), new_id(), []

    async def handler(job: Job) -> Sequence[Operation]:
        if not lost:
            lost.append(job.id)
            # As if its time were over, and another had it.
            await store.operate([Jobs.moved(stream, job_id, now())])
            with pytest.raises(ClaimLost):
                await job.progress(0.5, [mark(stream, 98)])
            return [mark(stream, 99)]
        return [mark(stream, 1)]

    runner = Jobs(store)
    runner.register("test", handler)
    await store.operate([Jobs.operation(stream, "test", {}, job_id=job_id)])
    while await job_row(store, stream, job_id):
        await runner.run_due()
    assert await marks_of(store, stream) == [1]


async def test_progress_is_kept_with_where_to_go_on(store: Store) -> None:
    stream, job_id, seen = new_id(), new_id(), []

    async def handler(job: Job) -> Sequence[Operation]:
        seen.append(job.args["at"])
        if job.args["at"] == 0:
            await job.progress(0.5, [mark(stream, 1)], {"at": 1})
            raise Retry("cut off", after_s=0)
        return [mark(stream, 2)]

    runner = Jobs(store)
    runner.register("test", handler, keep_s=60)
    await store.operate([Jobs.operation(stream, "test", {"at": 0}, job_id=job_id)])
    await until(lambda: runner_state(runner, store, stream, job_id, "done"), "not done")
    assert seen == [0, 1]
    assert await marks_of(store, stream) == [1, 2]
    assert (await job_row(store, stream, job_id))[4] == 100


async def test_an_attempt_past_its_deadline_is_ended(store: Store) -> None:
    stream, job_id = new_id(), new_id()

    async def handler(job: Job) -> None:
        await asyncio.Event().wait()

    runner = Jobs(store)
    runner.register("test", handler, deadline_s=0.05, max_attempts=1)
    await store.operate([Jobs.operation(stream, "test", {}, job_id=job_id)])
    await until(lambda: runner_state(runner, store, stream, job_id, "failed"), "not ended")
    assert "longer" in (await job_row(store, stream, job_id))[2]


async def test_what_is_away_is_waited_for_without_counting(store: Store) -> None:
    stream, job_id, tried = new_id(), new_id(), []

    async def handler(job: Job) -> None:
        tried.append(job.attempt)
        if len(tried) < 4:
            raise Unavailable("gone")

    runner = Jobs(store)
    runner.register("test", handler, max_attempts=1)
    await store.operate([Jobs.operation(stream, "test", {}, job_id=job_id)])
    while await job_row(store, stream, job_id):
        await runner.run_due()
        await store.operate([Jobs.moved(stream, job_id, now())])
    assert tried == [1, 1, 1, 1]


async def test_a_job_that_kills_whoever_does_it_fails_at_last(store: Store) -> None:
    stream, job_id, tried = new_id(), new_id(), []

    async def handler(job: Job) -> None:
        tried.append(job.attempt)

    runner = Jobs(store)
    runner.register("test", handler, max_attempts=3)
    await store.operate([Jobs.operation(stream, "test", {}, job_id=job_id)])
    # As three processes leave it that died with the claim.
    key = {"stream_id": stream, "id": job_id}
    await store.operate([Operation("jobs", "update", key, {"attempts": 3})])
    await runner.run_due()
    assert tried == []
    assert (await job_row(store, stream, job_id))[0] == "failed"


async def test_many_jobs_of_one_kind_do_not_hide_the_others(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tidework.bus.jobs._PAGE", 5)
    stream, done = new_id(), []

    async def handler(job: Job) -> None:
        done.append(job.kind)

    runner = Jobs(store)
    runner.register("many", handler, concurrency=2)
    runner.register("few", handler)
    await store.operate([Jobs.operation(stream, "many", {}) for _ in range(30)])
    await store.operate([Jobs.operation(stream, "few", {})])
    await runner.run_due()
    assert len(done) == 31
    assert done.index("few") < 8
