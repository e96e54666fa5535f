"""Reminders of due dates: each once, to whoever it concerns when its time has come."""

from tests.modules.notifications.world import Clock, World, at, context, moment


async def test_due_soon_and_overdue_are_each_told_once(world: World, clock: Clock) -> None:
    ada, bob = await world.team("Ada", "Bob")
    await world.task(ada, assignee_id=bob, due_at=moment("2026-03-05T12:00:00Z"))
    for text in ("2026-03-04T11:59:59Z", "2026-03-04T12:00:00Z", "2026-03-05T12:00:00Z"):
        clock(text)
        await world.work()
        await world.work()
    assert await world.told(bob) == ["assigned", "due_soon", "overdue"]
    assert await world.told(ada) == []
    assert await world.planned("notifications.due") == []


async def test_what_nobody_has_reminds_who_made_it(world: World, clock: Clock) -> None:
    ada, _ = await world.team("Ada", "Bob")
    await world.task(ada, due_at=moment("2026-03-05T12:00:00Z"))
    await world.settle()
    clock("2026-03-05T13:00:00Z")
    await world.work()
    # Too late for "soon".
    assert await world.told(ada) == ["overdue"]


async def test_what_came_while_nothing_ran_is_reminded_of_once(world: World, clock: Clock) -> None:
    (ada,) = await world.team("Ada")
    await world.task(ada, due_at=moment("2026-03-05T12:00:00Z"))
    clock("2026-03-12T12:00:00Z")
    for _ in range(3):
        await world.work()
    assert await world.told(ada) == ["overdue"]


async def test_another_date_is_another_reminder(world: World, clock: Clock) -> None:
    (ada,) = await world.team("Ada")
    task = await world.task(ada, due_at=moment("2026-03-05T12:00:00Z"))
    await world.settle()
    await world.change(ada, task, due_at=moment("2026-03-08T12:00:00Z"))
    await world.settle()
    planned = [due for due, _ in await world.planned("notifications.due")]
    assert planned == [at("2026-03-07T12:00:00Z"), at("2026-03-08T12:00:00Z")]
    clock("2026-03-07T12:00:00Z")
    await world.work()
    assert await world.told(ada) == ["due_soon"]


async def test_a_date_that_was_moved_just_now_is_not_reminded_of(
    world: World, clock: Clock
) -> None:
    (ada,) = await world.team("Ada")
    task = await world.task(ada, due_at=moment("2026-03-05T12:00:00Z"))
    await world.settle()
    clock("2026-03-05T12:00:00Z")
    await world.change(ada, task, due_at=moment("2026-03-08T12:00:00Z"))
    # The jobs come before the consumer has heard of it.
    await world.jobs.run_due()
    assert await world.told(ada) == []


async def test_a_task_that_was_closed_or_left_just_now_is_not_reminded_of(
    world: World, clock: Clock
) -> None:
    ada, bob = await world.team("Ada", "Bob")
    task = await world.task(ada, due_at=moment("2026-03-05T12:00:00Z"))
    await world.task(ada, assignee_id=bob, due_at=moment("2026-03-05T12:00:00Z"))
    await world.settle()
    await world.forget_inboxes()
    clock("2026-03-05T12:00:00Z")
    await world.change(ada, task, status="cancelled")
    await world.remove(bob)
    await world.jobs.run_due()
    assert await world.waiting(bob) == []
    assert await world.told(ada) == ["overdue"]


async def test_who_has_it_then_is_reminded(world: World, clock: Clock) -> None:
    ada, bob, eve = await world.team("Ada", "Bob", "Eve")
    task = await world.task(ada, assignee_id=bob, due_at=moment("2026-03-05T12:00:00Z"))
    await world.settle()
    clock("2026-03-02T11:00:00Z")
    await world.change(ada, task, assignee_id=eve)
    await world.settle()
    clock("2026-03-04T12:00:00Z")
    await world.work()
    assert (await world.told(bob))[-1] == "unassigned"
    assert await world.told(eve) == ["assigned", "due_soon"]


async def test_what_is_done_is_not_reminded_of_unless_it_opens_again(
    world: World, clock: Clock
) -> None:
    (ada,) = await world.team("Ada")
    task = await world.task(ada, due_at=moment("2026-03-05T12:00:00Z"))
    await world.settle()
    task = await world.change(ada, task, status="completed")
    await world.settle()
    assert await world.planned("notifications.due") == []
    await world.change(ada, task, status="in_progress")
    await world.settle()
    assert len(await world.planned("notifications.due")) == 2
    await world.services.tasks.delete(world.member(ada), task.id, context())
    await world.settle()
    assert await world.planned("notifications.due") == []


async def test_a_moment_that_had_passed_is_not_reminded_of(world: World, clock: Clock) -> None:
    (ada,) = await world.team("Ada")
    await world.task(ada, due_at=moment("2026-03-02T20:00:00Z"))
    await world.task(ada, due_at=moment("2026-03-01T20:00:00Z"))
    # A consumer that was down in between makes no difference.
    clock("2026-03-02T19:00:00Z")
    await world.work()
    assert [due for due, _ in await world.planned("notifications.due")] == [
        at("2026-03-02T20:00:00Z")
    ]
    assert await world.told(ada) == []


async def test_who_has_left_is_not_reminded(world: World, clock: Clock) -> None:
    ada, bob = await world.team("Ada", "Bob")
    await world.task(bob, due_at=moment("2026-03-05T12:00:00Z"))
    await world.settle()
    await world.remove(bob)
    clock("2026-03-05T12:00:00Z")
    await world.work()
    assert await world.told(ada) == []
    assert await world.waiting(bob) == []
