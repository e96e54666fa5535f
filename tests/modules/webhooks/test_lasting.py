"""What becomes of receivers that are away: for an hour, for good; and of processes that die."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from tests.modules.webhooks.world import Copy, World, context, later, statuses, titles, told
from tests.services.receiver import Hook, Receiver, Reply

from tidework.log import Commit, Operation
from tidework.store.protocol import Store
from tidework.times import now, parse
from tidework.webhooks import deliveries, outbox, queries
from tidework.webhooks.deliveries import Entry, added

TASKS, CHANGES = 5, 6


async def test_a_receiver_that_is_down_for_an_hour_gets_everything_in_order(
    world: World,
) -> None:
    async with Receiver() as gone:
        url = gone.url()
    webhook = await world.webhook(url, "task.updated")
    tasks = [await world.task() for _ in range(TASKS)]
    wanted = [f"title {i}" for i in range(CHANGES)]
    for minute, title in enumerate(wanted):
        with later(minutes=10 * minute):
            for task in tasks:
                await world.change(task, title=title)
            await world.work()
    async with Receiver(port=gone.port) as back:
        with later(minutes=65):
            await world.work()
        with later(hours=3):
            await world.work()
    for task in tasks:
        assert titles([hook for hook in back.received if task in hook.event["subject"]]) == wanted
    assert len(back.received) == TASKS * CHANGES
    assert {state for _, state in await world.states(webhook)} == {"delivered"}
    assert await world.jobs() == []


class Died(BaseException):
    """As if the process had ended."""


class Dying:
    """A store whose process dies before, or after, its n-th write."""

    def __init__(self, store: Store, writes: int, *, before: bool) -> None:
        self._store = store
        self._left = writes
        self._before = before

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def operate(self, operations: list[Operation]) -> None:
        await self._count(self._store.operate(operations))

    async def append(self, commit: Commit) -> Any:
        return await self._count(self._store.append(commit))

    async def _count(self, writing: Any) -> Any:
        self._left -= 1
        if self._left == 0 and self._before:
            writing.close()
            raise Died
        done = await writing
        if self._left == 0:
            raise Died
        return done


@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
async def test_a_process_that_dies_at_any_write_loses_nothing(
    world: World, receiver: Receiver, before: bool
) -> None:
    await world.webhook(receiver.url(), "task.updated")
    task = await world.task()
    wanted = [f"title {i}" for i in range(8)]
    for title in wanted:
        await world.change(task, title=title)
    gone_by, deaths = 0, 0
    for run in range(100):
        # Taking in, claiming, telling of one delivery, of another, …
        store: Any = Dying(world.store, 1 + run % 5, before=before)
        copy = Copy(store)
        # By then the claims of those that died have ended.
        gone_by += 60
        try:
            with later(seconds=gone_by):
                await copy.work()
            break
        except Died:
            deaths += 1
        finally:
            await copy.jobs.close()
    assert deaths > 3
    # What died after sending is sent again, under the same id; nothing overtakes.
    seen: dict[str, str] = {}
    for hook in receiver.received:
        title = hook.event["data"]["values"]["title"]
        assert seen.setdefault(hook.headers["webhook-id"], title) == title
        assert list(seen.values()) == wanted[: len(seen)]
    assert list(seen.values()) == wanted
    assert await world.jobs() == []


async def test_what_is_added_as_a_lane_ends_is_not_left_behind(
    world: World, receiver: Receiver
) -> None:
    webhook = await world.webhook(receiver.url(), "task.updated")
    task = await world.task()
    await world.change(task, title="one")
    store: Any = _Late(world, Entry(webhook.id, task, "", "", 0, 0, 0))
    copy = Copy(store)
    await world.copy.settle()
    await copy.jobs.run_due()
    assert store.added == 1
    assert titles(receiver.received) == ["one", "late"]
    assert await world.jobs() == []


class _Late:
    """Where a lane is found empty, the consumer adds to it before that is acted on."""

    def __init__(self, world: World, entry: Entry) -> None:
        self._world = world
        self._task = entry.lane
        self.added = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._world.store, name)

    async def fetch(self, statement: Any, params: Any) -> Any:
        rows = await self._world.store.fetch(statement, params)
        if statement is queries.NEXT and not rows and not self.added:
            self.added = 1
            await self._world.change(self._task, title="late")
            await self._world.copy.settle()
        return rows


async def test_a_gone_receiver_is_not_asked_again(world: World, receiver: Receiver) -> None:
    receiver.answer = statuses(410)
    webhook = await world.webhook(receiver.url(), "task.*")
    task = await world.task()
    await world.change(task, title="x")
    await world.work()
    await world.task()
    await world.work()
    assert len(receiver.received) == 1
    found = await world.copy.webhooks.service.get(world.workspace, webhook.id)
    assert not found.is_active
    assert found.disabled_reason == "The receiver answered 410 Gone."
    assert await world.states(webhook) == [("task.created", "failed"), ("task.updated", "skipped")]
    assert await world.jobs() == []


async def test_days_of_failures_disable_a_webhook_and_the_log_says_so(
    world: World, receiver: Receiver
) -> None:
    webhook = await world.webhook(receiver.url(), "task.created")
    async with Receiver() as watching:
        await world.webhook(watching.url(), "webhook.disabled")
        receiver.answer = lambda _: Reply(500)
        service = world.copy.webhooks.service
        disabled_on = None
        for day in range(8):
            with later(days=day):
                await world.task()
            for hours in (0, 0.01, 0.05, 0.3, 2, 6, 13):
                with later(days=day, hours=hours, minutes=1):
                    await world.work()
                    found = await service.get(world.workspace, webhook.id)
                    if not found.is_active and disabled_on is None:
                        disabled_on = day
        with later(days=8):
            await world.work()
            await world.work()
        assert told(watching) == [("webhook.disabled", f"webhooks/{webhook.id}")]
    assert disabled_on == 5
    assert "taken nothing since" in str(found.disabled_reason)
    # What still waited is not sent, and nothing new is written down.
    assert {state for _, state in await world.states(webhook)} <= {"failed", "skipped"}
    assert await world.jobs() == []
    # Enabled again, it begins anew.
    receiver.answer = None
    with later(days=9):
        done = await service.update(world.owner, webhook.id, {"is_active": True}, context())
        assert (done.is_active, done.disabled_reason) == (True, None)
        await world.task()
        await world.work()
    assert (await world.states(webhook))[-1] == ("task.created", "delivered")


async def test_a_success_in_between_keeps_a_webhook(world: World, receiver: Receiver) -> None:
    failing = True
    receiver.answer = lambda _: Reply(500 if failing else 200)
    webhook = await world.webhook(receiver.url(), "task.created")
    for day in range(10):
        failing = day != 4
        await world.task()
        for hours in (0, 1, 2, 4, 8, 15, 20):
            with later(days=day, hours=hours):
                await world.work()
    found = await world.copy.webhooks.service.get(world.workspace, webhook.id)
    assert found.is_active


async def test_one_that_is_disabled_by_its_owner_is_sent_nothing(
    world: World, receiver: Receiver
) -> None:
    webhook = await world.webhook(receiver.url(), "task.*")
    await world.task()
    await world.copy.settle()
    service = world.copy.webhooks.service
    await service.update(world.owner, webhook.id, {"is_active": False}, context())
    await world.task()
    await world.work()
    assert receiver.received == []
    assert await world.states(webhook) == [("task.created", "skipped")]


async def test_one_that_is_removed_leaves_nothing(world: World, receiver: Receiver) -> None:
    receiver.answer = lambda _: Reply(500)
    webhook = await world.webhook(receiver.url())
    await world.task()
    await world.work()
    await world.copy.webhooks.service.delete(world.owner, webhook.id, context())
    with later(hours=1):
        await world.work()
    assert len(receiver.received) == 1
    assert await world.deliveries(webhook) == []
    assert await world.jobs() == []
    key = {"stream_id": world.workspace, "webhook_id": webhook.id}
    assert await world.store.fetch(queries.SECRETS, key) == []


# --- again, and trials -----------------------------------------------------------------------


async def test_a_span_of_time_is_sent_again(world: World, receiver: Receiver) -> None:
    webhook = await world.webhook(receiver.url(), "task.updated")
    task = await world.task()
    for minute in range(6):
        with later(minutes=minute):
            await world.change(task, title=f"minute {minute}")
            await world.work()
    begin = parse(now()) + timedelta(minutes=1, seconds=-30)
    with later(minutes=10):
        found = await world.copy.webhooks.service.get(world.workspace, webhook.id)
        first = list(receiver.received)
        receiver.received.clear()
        begun = await world.copy.webhooks.outbox.replay(
            world.workspace, found, begin, begin + timedelta(minutes=3)
        )
        assert begun.to > begun.from_
        await world.work()
    assert titles(receiver.received) == ["minute 1", "minute 2", "minute 3"]
    assert [hook.headers["webhook-id"] for hook in receiver.received] == [
        hook.headers["webhook-id"] for hook in first[1:4]
    ]
    assert {state for _, state in await world.states(webhook)} == {"delivered"}


async def test_what_happened_while_it_was_disabled_can_be_sent_later(
    world: World, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "_PAGE", 10)
    webhook = await world.webhook(receiver.url(), "task.updated")
    task = await world.task()
    service = world.copy.webhooks.service
    await service.update(world.owner, webhook.id, {"is_active": False}, context())
    begin = parse(now())
    wanted = [f"title {i}" for i in range(25)]
    for title in wanted:
        await world.change(task, title=title)
    await world.work()
    enabled = await service.update(world.owner, webhook.id, {"is_active": True}, context())
    await world.copy.webhooks.outbox.replay(
        world.workspace, enabled, begin, begin + timedelta(hours=1)
    )
    await world.work()
    assert titles(receiver.received) == wanted


async def test_a_replay_does_not_wait_for_the_next_attempt(
    world: World, receiver: Receiver
) -> None:
    receiver.answer = statuses(500, 500, 500)
    webhook = await world.webhook(receiver.url(), "task.created")
    begin = parse(now())
    await world.task()
    await world.work()
    for seconds in (10, 60):
        with later(seconds=seconds):
            await world.work()
    with later(seconds=70):
        assert await world.work() == 0
        await world.copy.webhooks.outbox.replay(
            world.workspace, webhook, begin, begin + timedelta(hours=1)
        )
        await world.work()
    assert await world.states(webhook) == [("task.created", "delivered")]
    assert len(receiver.received) == 4


async def test_a_trial_is_sent_once_also_to_one_that_is_disabled(
    world: World, receiver: Receiver
) -> None:
    webhook = await world.webhook(receiver.url(), "task.created")
    await world.copy.webhooks.service.update(
        world.owner, webhook.id, {"is_active": False}, context()
    )
    receiver.answer = statuses(500)
    begun = await world.copy.webhooks.outbox.test(world.workspace, webhook.id)
    await world.work()
    (hook,) = receiver.received
    assert hook.headers["webhook-id"] == begun.message_id
    assert hook.event["type"] == "webhook.test"
    assert await world.states(webhook) == [("webhook.test", "failed")]
    await world.copy.webhooks.outbox.test(world.workspace, webhook.id)
    await world.work()
    assert await world.states(webhook) == [
        ("webhook.test", "failed"),
        ("webhook.test", "delivered"),
    ]


async def test_the_same_event_is_put_into_its_lane_once(world: World, receiver: Receiver) -> None:
    webhook = await world.webhook(receiver.url(), "task.created")
    await world.task()
    await world.work()
    (done,) = await world.deliveries(webhook)
    parts = done.event_id.split(":")
    entry = Entry(webhook.id, world.tasks[0], done.event_id, done.type, int(parts[1]), 0, 0)
    await world.store.operate(added(world.workspace, [entry], now()))
    await world.work()
    assert len(receiver.received) == 1


async def test_what_is_old_is_forgotten(world: World, receiver: Receiver) -> None:
    webhook = await world.webhook(receiver.url(), "task.created")
    await world.task()
    await world.work()
    (done,) = await world.deliveries(webhook)
    for days, left in ((29, 1), (31, 0)):
        with later(days=days):
            at = {"expires_at": now()}
            await world.store.operate([Operation("webhook_deliveries", "expire", set=at)])
        assert len(await world.deliveries(webhook)) == left, done
    assert deliveries.KEPT_S == 30 * 86400


async def test_a_slow_receiver_does_not_take_all_the_room(world: World) -> None:
    at_once = most = 0

    async def slowly(hook: Hook) -> Reply:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)

        await asyncio.sleep(0.02)
        at_once -= 1
        return Reply()

    async with Receiver(answer=slowly) as receiver:
        webhook = await world.webhook(receiver.url(), "task.created")
        for _ in range(12):
            await world.task()
        for seconds in range(0, 20, 2):
            with later(seconds=seconds):
                await world.work()
        assert most <= 4
        assert {state for _, state in await world.states(webhook)} == {"delivered"}
        assert len(receiver.received) == 12
