"""Who is reminded when: once, of what is still to be done, at the time that is meant by then."""

from datetime import UTC, datetime, timedelta

import time_machine
from sqlalchemy import select
from tests.modules.notifications.world import at, context
from tests.modules.reminders.world import TimeWorld

from tidework.bus.catalogue import commits_of
from tidework.log import Commit, inverse
from tidework.notifications.schemas import ReadIn
from tidework.reminders.consumers import ReminderConsumer
from tidework.reminders.schemas import ReminderIn
from tidework.store.sql.schema_time import task_reminders
from tidework.store.sql.statement import Statement
from tidework.store.verify import verify_stream
from tidework.tasks.schemas import RecurrenceIn
from tidework.times import now as now_text

MORNING = datetime(2026, 5, 4, 8, 0, tzinfo=UTC)
DUE = datetime(2026, 5, 5, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
WEEKLY = RecurrenceIn(rule="FREQ=WEEKLY", time_zone="Europe/Berlin")

_PLACES = Statement("all_places", select(task_reminders.c.user_id), fan_out="a test looks at all")


def clock(moment: datetime) -> time_machine.travel:
    return time_machine.travel(moment, tick=True)


async def test_one_is_reminded_once_at_its_time(world: TimeWorld) -> None:
    with clock(MORNING) as now:
        ada, eva = await world.team("Ada", "Eva")
        task = await world.task(ada, due_at=DUE)
        made = await world.remind(eva, task, offset_minutes=60)
        await world.remind(eva, task, at=DUE + HOUR)
        assert await world.jobs_at() == [at("2026-05-05T08:00:00Z"), at("2026-05-05T10:00:00Z")]
        now.move_to(DUE - HOUR - timedelta(seconds=5))
        assert await world.reminded(eva) == 0
        now.move_to(DUE - HOUR)
        assert await world.reminded(eva) == 1
        assert await world.reminded(eva) == 1
        now.move_to(DUE + 2 * HOUR)
        assert await world.reminded(eva) == 2
        assert await world.reminded(ada) == 0
        (told, *_) = [one for one in await world.inbox(eva) if one.kind == "reminder"]
        assert (told.task_id, told.data["title"]) == (task.id, task.title)
        assert made.id in {one.id for one in await world.mine(eva)}
        assert await verify_stream(world.store, eva) == []


async def test_it_moves_with_the_due_date(world: TimeWorld) -> None:
    with clock(MORNING) as now:
        (ada,) = await world.team("Ada")
        task = await world.task(ada)
        await world.remind(ada, task, offset_minutes=60)
        assert await world.jobs_at() == []
        await world.change(ada, task, due_at=DUE)
        await world.change(ada, task, due_at=DUE + 24 * HOUR)
        now.move_to(DUE)
        assert await world.reminded(ada) == 0
        now.move_to(DUE + 24 * HOUR - HOUR / 2)
        assert await world.reminded(ada) == 1
        # To another one, and back: that time has been reminded of.
        await world.services.notifications.inbox.read(ada, ReadIn(all=True))
        await world.change(ada, task, due_at=DUE + 48 * HOUR)
        assert await world.reminded(ada) == 1
        await world.change(ada, task, due_at=DUE + 24 * HOUR)
        assert await world.reminded(ada) == 1
        assert all(one.read_at for one in await world.inbox(ada))


async def test_a_date_that_is_set_too_late_for_it_is_reminded_of_at_once(world: TimeWorld) -> None:
    with clock(DUE - HOUR / 2):
        (ada,) = await world.team("Ada")
        task = await world.task(ada, due_at=DUE + 24 * HOUR)
        await world.remind(ada, task, offset_minutes=60)
        assert await world.reminded(ada) == 0
        await world.change(ada, task, due_at=DUE)
        assert await world.reminded(ada) == 1
        await world.change(ada, task, due_at=DUE - HOUR)
        assert await world.reminded(ada) == 1


async def test_nobody_is_reminded_of_what_is_done_or_gone(world: TimeWorld) -> None:
    with clock(MORNING) as now:
        ada, eva = await world.team("Ada", "Eva")
        done, gone, again, left = [
            await world.task(ada, title, due_at=DUE) for title in ("done", "gone", "again", "left")
        ]
        for task in (done, gone, again):
            await world.remind(ada, task, offset_minutes=0)
        removed = await world.remind(ada, left, at=DUE)
        await world.remind(eva, left, at=DUE)
        await world.change(ada, done, status="completed")
        await world.change(ada, again, status="cancelled")
        await world.change(ada, again, status="pending")
        await world.services.tasks.delete(world.member(ada), gone.id, context())
        await world.reminders.delete(world.member(ada), left.id, removed.id, context())
        await world.remove(eva)
        await world.settle()
        now.move_to(DUE + HOUR)
        assert await world.reminded(ada) == 1
        assert await world.reminded(eva) == 0
        assert {one.task_id for one in await world.mine(ada)} == {done.id, again.id}
        assert await world.mine(eva) == []
        assert [row[0] for row in await world.store.fetch(_PLACES, {})] == [ada, ada]


async def test_after_a_day_of_downtime_what_is_late_comes_once(world: TimeWorld) -> None:
    with clock(MORNING) as now:
        (ada,) = await world.team("Ada")
        soon = await world.task(ada, due_at=MORNING + HOUR)
        for minutes in range(20):
            await world.remind(ada, soon, offset_minutes=minutes)
        late = await world.task(ada, due_at=DUE)
        # Committed, and taken in by nobody before everything stops.
        wanted = ReminderIn(offset_minutes=30)
        await world.reminders.create(world.member(ada), late.id, wanted, context())
        now.move_to(DUE + 24 * HOUR)
        assert await world.reminded(ada) == 21
        assert await world.reminded(ada) == 21


async def test_of_a_series_each_task_is_reminded_of(world: TimeWorld) -> None:
    with clock(MORNING) as now:
        ada, eva = await world.team("Ada", "Eva")
        task = await world.task(ada, due_at=DUE, recurrence=WEEKLY)
        await world.remind(eva, task, offset_minutes=60)
        await world.remind(eva, task, at=DUE)
        for week in range(1, 4):
            before = (await world.mine(eva))[-1]
            done = await world.change(ada, task, status="completed")
            (new,) = [one for one in await world.mine(eva) if one.offset_minutes is not None]
            assert (new.offset_minutes, new.task_id != task.id) == (60, True)
            assert new.id != before.id
            _, task = await world.services.tasks.get(world.workspace, new.task_id)
            assert task.previous_id == done.id
            now.move_to(DUE + timedelta(weeks=week) - HOUR / 2)
            assert await world.reminded(eva) == week
        assert await verify_stream(world.store, eva) == []


async def undo(world: TimeWorld, seq: int) -> None:
    logged = await world.store.log(world.workspace, since=seq - 1, until=seq)
    changes, expects = inverse(logged)
    commit = Commit(
        stream_id=world.workspace, actor_id=None, at=now_text(), changes=changes, expects=expects
    )
    await world.store.append(commit)


async def test_when_a_completion_is_undone_its_reminders_come_back(world: TimeWorld) -> None:
    with clock(MORNING) as now:
        (ada,) = await world.team("Ada")
        task = await world.task(ada, due_at=DUE, recurrence=WEEKLY)
        await world.remind(ada, task, offset_minutes=60)
        done = await world.change(ada, task, status="completed")
        (carried,) = await world.mine(ada)
        assert carried.task_id != task.id
        await undo(world, done.version)
        (back,) = await world.mine(ada)
        assert (back.task_id, back.offset_minutes) == (task.id, 60)
        now.move_to(DUE)
        assert await world.reminded(ada) == 1


async def test_who_is_erased_leaves_nothing(world: TimeWorld) -> None:
    with clock(MORNING) as now:
        ada, eva = await world.team("Ada", "Eva")
        task = await world.task(ada, due_at=DUE)
        await world.remind(eva, task, offset_minutes=60)
        await world.services.closing.close(eva, eva, context())
        await world.settle()
        assert await world.store.fetch(_PLACES, {}) == []
        assert await verify_stream(world.store, eva) == []
        now.move_to(DUE)
        await world.work()
        assert await world.told(eva) == []


async def test_a_commit_that_is_taken_in_again_changes_nothing(world: TimeWorld) -> None:
    with clock(MORNING) as now:
        (ada,) = await world.team("Ada")
        task = await world.task(ada, due_at=DUE, recurrence=WEEKLY)
        await world.remind(ada, task, offset_minutes=60)
        await world.change(ada, task, status="completed")
        await world.settle()
        seqs = await world.store.seqs([ada, world.workspace])
        consumer = world.consumers.by_name["reminders"]
        for stream in (ada, world.workspace):
            for commit in commits_of(await world.store.log(stream)):
                assert isinstance(consumer, ReminderConsumer)
                await world.store.operate(list(await consumer.handle_page([commit])))
        assert await world.store.seqs([ada, world.workspace]) == seqs
        now.move_to(DUE + timedelta(weeks=1))
        assert await world.reminded(ada) == 1
