"""When what people are told leaves the installation: bundles, quiet hours, digests, reminders."""

from typing import Any

import pytest
import time_machine
from tests.modules.notifications.world import Clock, World, at, context, moment

from tidework.app import clear_expired
from tidework.bus.jobs import Jobs
from tidework.ids import new_id
from tidework.log import Change, Commit, Operation
from tidework.notifications.schemas import ReadIn
from tidework.tasks.schemas import TaskPatch
from tidework.times import now


def ids_of(jobs: list[tuple[str, dict[str, Any]]]) -> list[int]:
    return [len(args["notification_ids"]) for _, args in jobs]


# --- bundles ---------------------------------------------------------------------------------


async def test_a_burst_is_one_mail(world: World, clock: Clock) -> None:
    ada, bob = await world.team("Ada", "Bob")
    task = await world.task(ada, assignee_id=bob)
    for n in range(7):
        clock(f"2026-03-02T10:00:{n * 5:02}Z")
        await world.comment(ada, task, f"comment {n}")
        await world.work()
    assert await world.sent() == []
    clock("2026-03-02T10:04:59Z")
    await world.work()
    assert await world.sent() == []
    clock("2026-03-02T10:10:00Z")
    await world.work()
    await world.work()
    ((user_id, args),) = await world.sent()
    assert (user_id, args["user_id"], args["bundle"], args["kind"]) == (bob, bob, True, "several")
    shown = [one.id for one in reversed(await world.inbox(bob))]
    assert args["notification_ids"] == shown
    assert await world.waiting(bob) == []


async def test_the_next_window_is_the_next_mail(world: World, clock: Clock) -> None:
    ada, bob = await world.team("Ada", "Bob")
    await world.task(ada, assignee_id=bob)
    await world.settle()
    clock("2026-03-02T10:10:00Z")
    await world.work()
    await world.task(ada, assignee_id=bob)
    clock("2026-03-02T10:20:00Z")
    await world.work()
    clock("2026-03-02T10:30:00Z")
    await world.work()
    assert ids_of(await world.sent()) == [1, 1]
    assert [args["kind"] for _, args in await world.sent()] == ["assigned"] * 2


async def test_without_bundling_it_leaves_at_once(world: World, clock: Clock) -> None:
    ada, bob = await world.team("Ada", "Bob")
    await world.prefer(bob, bundle_minutes=0)
    await world.task(ada, assignee_id=bob)
    await world.work()
    assert ids_of(await world.sent()) == [1]


async def test_what_has_been_read_is_not_mailed(world: World, clock: Clock) -> None:
    ada, bob = await world.team("Ada", "Bob")
    await world.task(ada, assignee_id=bob)
    await world.task(ada, "Another", assignee_id=bob)
    (_, first) = await world.inbox(bob)
    await world.services.notifications.inbox.read(bob, _read(first.id))
    clock("2026-03-02T10:10:00Z")
    await world.work()
    assert ids_of(await world.sent()) == [1]


async def test_what_waits_for_somebody_who_is_out_does_not_leave(
    world: World, clock: Clock
) -> None:
    ada, bob = await world.team("Ada", "Bob")
    await world.task(ada, assignee_id=bob)
    await world.settle()
    await world.remove(bob)
    clock("2026-03-02T10:10:00Z")
    # The job comes before the consumer has heard of it.
    await world.jobs.run_due()
    assert await world.sent() == []


async def test_what_comes_while_a_bundle_is_made_is_not_left_behind(
    world: World, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, bob = await world.team("Ada", "Bob")
    await world.task(ada, assignee_id=bob)
    await world.settle()
    sending = world.services.notifications._sending
    looked = sending._waiting.ids
    late = [True]

    async def ids(user_id: str, channel: str) -> list[str]:
        found = await looked(user_id, channel)
        if late.pop() if late else False:
            # It falls into the same window, and is written when the job has looked already.
            with time_machine.travel("2026-03-02T10:00:10+00:00", tick=False):
                await world.task(ada, "Late", assignee_id=bob)
                await world.settle()
        return found

    monkeypatch.setattr(sending._waiting, "ids", ids)
    clock("2026-03-02T10:10:00Z")
    for _ in range(3):
        await world.work()
    assert sum(ids_of(await world.sent())) == 2
    assert len({i for _, args in await world.sent() for i in args["notification_ids"]}) == 2


async def test_more_than_one_message_holds_leaves_in_several(world: World, clock: Clock) -> None:
    _, bob = await world.team("Ada", "Bob")
    for _ in range(6):
        await world.store.operate([one for _ in range(100) for one in _waiting(bob)])
    job = Jobs.operation(bob, "notifications.send", {"channel": "email"})
    await world.store.operate([job])
    await world.work()
    assert sorted(ids_of(await world.sent())) == [100, 500]
    assert await world.waiting(bob) == []


# --- what is kept ----------------------------------------------------------------------------


async def test_what_was_read_long_ago_is_cleared_away(world: World, clock: Clock) -> None:
    ada, bob = await world.team("Ada", "Bob")
    for title in ("Read", "Unread"):
        await world.task(ada, title, assignee_id=bob)
    shown = {one.data["title"]: one.id for one in await world.inbox(bob)}
    await world.services.notifications.inbox.read(bob, _read(shown["Read"]))
    clock("2026-05-31T09:00:00Z")
    await clear_expired(world.store)
    assert len(await world.inbox(bob)) == 2
    clock("2026-05-31T11:00:00Z")
    await clear_expired(world.store)
    assert [one.data["title"] for one in await world.inbox(bob)] == ["Unread"]


# --- quiet hours and choices -----------------------------------------------------------------


async def test_nothing_leaves_in_quiet_hours(world: World, clock: Clock) -> None:
    ada, bob = await world.team("Ada", "Bob")
    await _in_berlin(world, bob)
    await world.prefer(bob, quiet_hours={"start": "22:00", "end": "07:00"})
    # The night in which the clock goes forward.
    clock("2026-03-28T22:30:00Z")
    await world.task(ada, assignee_id=bob)
    assert await world.told(bob) == ["assigned"]
    clock("2026-03-29T04:50:00Z")
    await world.task(ada, assignee_id=bob)
    await world.work()
    assert await world.sent() == []
    # One job for the whole night.
    assert len(await world.planned("notifications.send")) == 1
    clock("2026-03-29T05:00:00Z")
    await world.work()
    assert ids_of(await world.sent()) == [2]


async def test_quiet_hours_that_were_chosen_meanwhile_hold(world: World, clock: Clock) -> None:
    ada, bob = await world.team("Ada", "Bob")
    await world.task(ada, assignee_id=bob)
    await world.settle()
    await world.prefer(bob, quiet_hours={"start": "10:00", "end": "11:00"})
    clock("2026-03-02T10:10:00Z")
    await world.work()
    assert await world.sent() == []
    clock("2026-03-02T11:00:00Z")
    await world.work()
    assert ids_of(await world.sent()) == [1]


async def test_channels_are_chosen_by_kind(world: World, clock: Clock) -> None:
    ada, bob = await world.team("Ada", "Bob")
    choice = {"in_app": False, "email": False, "push": False, "chat": True}
    await world.prefer(bob, kinds={"assigned": choice})
    await _reach(world, bob)
    task = await world.task(ada, assignee_id=bob)
    await world.comment(ada, task, "hello")
    assert await world.told(bob) == ["commented"]
    clock("2026-03-02T10:10:00Z")
    await world.work()
    sent = {channel: ids_of(await world.sent(channel)) for channel in ("email", "push", "chat")}
    assert sent == {"email": [1], "push": [1], "chat": [1]}
    assert [args["kind"] for _, args in await world.sent("chat")] == ["assigned"]
    assert await world.sent("sms") == []


async def test_nothing_waits_for_a_channel_that_reaches_nobody(world: World, clock: Clock) -> None:
    ada, bob = await world.team("Ada", "Bob")
    await world.task(ada, assignee_id=bob)
    await world.settle()
    assert await world.waiting(bob) == ["email"]


# --- the digest ------------------------------------------------------------------------------


async def test_a_digest_comes_at_the_persons_hour_over_the_change_of_the_clock(
    world: World, clock: Clock
) -> None:
    _, bob = await world.team("Ada", "Bob")
    await _in_berlin(world, bob)
    clock("2026-03-27T20:00:00Z")
    await world.prefer(bob, digest_at="08:00", kinds={"assigned": {"email": False}})
    due = []
    for _ in range(3):
        ((at_, _),) = await world.planned("notifications.digest")
        due.append(at_)
        clock(at_)
        await world.work()
    assert due == [at(f"2026-03-{d}Z") for d in ("28T07:00", "29T06:00", "30T06:00")]


async def test_a_digest_says_what_is_unread_and_what_is_due(world: World, clock: Clock) -> None:
    ada, bob = await world.team("Ada", "Bob")
    off = {kind: {"email": False} for kind in ("assigned", "due_soon", "overdue", "commented")}
    await world.prefer(bob, digest_at="08:00", kinds=off)
    clock("2026-03-02T12:00:00Z")
    due = await world.task(ada, "Due", assignee_id=bob, due_at=moment("2026-03-03T11:00:00Z"))
    await world.task(ada, "Later", assignee_id=bob, due_at=moment("2026-03-04T20:00:00Z"))
    seen = await world.task(ada, "Seen", assignee_id=bob)
    shown = {one.task_id: one.id for one in await world.inbox(bob)}
    await world.services.notifications.inbox.read(bob, _read(shown[seen.id]))
    clock("2026-03-03T08:00:00Z")
    await world.work()
    ((_, args),) = await world.sent()
    assert args["kind"] == "digest"
    assert [one["task_id"] for one in args["due"]] == [due.id]
    assert len(args["notification_ids"]) == 2
    assert shown[seen.id] not in args["notification_ids"]
    # What has been in one is not in the next; what is due is.
    clock("2026-03-04T08:00:00Z")
    await world.services.tasks.update(
        world.member(ada), due.id, _patch(status="completed"), context()
    )
    await world.work()
    (_, (_, second)) = await world.sent()
    assert [one["title"] for one in second["due"]] == ["Later"]
    assert set(second["notification_ids"]).isdisjoint(args["notification_ids"])


async def test_after_days_of_downtime_there_is_one_digest(world: World, clock: Clock) -> None:
    ada, bob = await world.team("Ada", "Bob")
    await world.prefer(bob, digest_at="08:00", kinds={"assigned": {"email": False}})
    await world.task(ada, assignee_id=bob)
    await world.settle()
    clock("2026-03-06T11:00:00Z")
    for _ in range(3):
        await world.work()
    assert [args["kind"] for _, args in await world.sent()] == ["digest"]
    ((due, _),) = await world.planned("notifications.digest")
    assert due == at("2026-03-07T08:00:00Z")


async def test_no_digest_without_anything_to_say_or_for_who_wants_none(
    world: World, clock: Clock
) -> None:
    ada, bob = await world.team("Ada", "Bob")
    await world.prefer(bob, digest_at="08:00")
    clock("2026-03-03T08:00:00Z")
    await world.work()
    assert await world.sent() == []
    assert len(await world.planned("notifications.digest")) == 1
    await world.task(ada, assignee_id=bob)
    await world.prefer(bob, digest_at=None)
    assert await world.planned("notifications.digest") == []
    assert "digest" not in await world.waiting(bob)


async def test_another_time_or_zone_moves_the_digest(world: World, clock: Clock) -> None:
    (ada,) = await world.team("Ada")
    await world.prefer(ada, digest_at="18:00")
    await world.prefer(ada, digest_at="12:00")
    ((due, _),) = await world.planned("notifications.digest")
    assert due == at("2026-03-02T12:00:00Z")
    await _in_berlin(world, ada)
    ((due, _),) = await world.planned("notifications.digest")
    assert due == at("2026-03-02T11:00:00Z")
    change = Change("account", ada, "update", {"is_active": False})
    await world.store.append(Commit(stream_id=ada, actor_id=None, at=now(), changes=[change]))
    await world.settle()
    assert await world.planned("notifications.digest") == []


async def test_what_happened_a_week_ago_is_no_news(world: World, clock: Clock) -> None:
    ada, bob = await world.team("Ada", "Bob")
    await world.task(ada, assignee_id=bob)
    clock("2026-03-04T10:00:00Z")
    await world.task(ada, assignee_id=bob)
    clock("2026-03-10T10:00:00Z")
    assert await world.told(bob) == ["assigned"]


# --- small things ----------------------------------------------------------------------------


def _read(*ids: str) -> ReadIn:
    return ReadIn(ids=list(ids))


def _patch(**fields: Any) -> TaskPatch:
    return TaskPatch(**fields)


def _waiting(user_id: str) -> list[Operation]:
    """A notification that waits for mail."""
    key = {"stream_id": user_id, "id": new_id()}
    told = {
        "kind": "assigned",
        "data": {},
        "in_app": True,
        "unread": True,
        "created_at": now(),
    }
    waits = {"stream_id": user_id, "channel": "email", "notification_id": key["id"]}
    return [
        Operation("notifications", "insert", key, told),
        Operation("notification_deliveries", "insert", waits),
    ]


async def _reach(world: World, user_id: str) -> None:
    """Let somebody have a browser and a chat to be told by."""
    browser = {
        "endpoint": "https://push.example.org/1",
        "p256dh": "",
        "auth": "",
        "session_id": new_id(),
        "created_at": now(),
    }
    chat = {"address": "@bob", "confirmed_at": now(), "attempts": 0}
    await world.store.operate(
        [
            Operation(
                "push_subscriptions", "insert", {"stream_id": user_id, "id": new_id()}, browser
            ),
            Operation(
                "channel_addresses", "insert", {"stream_id": user_id, "channel": "chat"}, chat
            ),
        ]
    )


async def _in_berlin(world: World, user_id: str) -> None:
    await world.services.users.update(user_id, {"time_zone": "Europe/Berlin"}, context())
    await world.settle()
