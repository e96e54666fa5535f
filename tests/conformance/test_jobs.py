"""Jobs, on every store: done by one of many, again after failures, ended with what they lead to."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import bindparam, select
from tests.services.following import mark, marks_of, until
from tests.services.stores import Database

from tidework.bus.jobs import ClaimLost, GiveUp, Job, Jobs, Reschedule, Retry
from tidework.errors import Unavailable
from tidework.ids import new_id
from tidework.log import Operation
from tidework.store.protocol import Store
from tidework.store.sql.schema import jobs
from tidework.store.sql.statement import Statement
from tidework.times import after, now

JOB = Statement(
    "job",
    select(jobs.c.state, jobs.c.attempts, jobs.c.error, jobs.c.args, jobs.c.progress).where(
        jobs.c.stream_id == bindparam("stream_id"), jobs.c.id == bindparam("id")
    ),
)


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
