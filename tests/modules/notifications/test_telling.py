"""Who is told of what."""

import asyncio
from typing import Any

import msgspec
from sqlalchemy import select
from tests.modules.notifications.world import World, context
from tests.services.commits import new_task
from tests.services.stores import Database

from tidework.bus.consumers import Consumers
from tidework.bus.jobs import Jobs
from tidework.ids import new_id
from tidework.log import Change, Commit, inverse
from tidework.store.sql.schema import dead_events
from tidework.store.sql.statement import Statement
from tidework.tasks.schemas import Batch
from tidework.times import now

_DEAD = Statement(
    "all_dead_events", select(dead_events.c.error), fan_out="a test looks at all of them"
)


async def test_whoever_gets_a_task_is_told(world: World) -> None:
    ada, bob, eve = await world.team("Ada", "Bob", "Eve")
    task = await world.task(ada, assignee_id=bob)
    assert await world.told(bob) == ["assigned"]
    (one,) = await world.inbox(bob)
    assert (one.task_id, one.workspace_id, one.actor_id) == (task.id, world.workspace, ada)
    assert one.actor_name == "Ada"
    assert (one.data["title"], one.data["number"]) == ("Order the brass", task.number)
    assert one.data["workspace"] == "Engine"
    await world.change(ada, task, assignee_id=eve)
    assert await world.told(bob) == ["assigned", "unassigned"]
    assert await world.told(eve) == ["assigned"]
    assert await world.told(ada) == []


async def test_nobody_is_told_of_what_they_did(world: World) -> None:
    ada, bob = await world.team("Ada", "Bob")
    task = await world.task(bob, assignee_id=bob, description="@bob")
    await world.comment(bob, task, "I am @bob")
    await world.change(bob, task, status="completed")
    await world.change(bob, task, assignee_id=None)
    assert await world.told(bob) == []
    assert await world.told(ada) == []


async def test_a_mention_is_told_once(world: World) -> None:
    ada, bob = await world.team("Ada", "Bob")
    task = await world.task(ada, description="@bob knows")
    assert await world.told(bob) == ["mentioned"]
    await world.change(ada, task, description="@bob knows it")
    assert await world.told(bob) == ["mentioned"]
    comment = await world.comment(ada, task, "ask @ada, and @Bob.")
    assert await world.told(bob) == ["mentioned"] * 2
    member = world.member(ada)
    await world.services.comments.update(member, comment.id, "no, @bob only", context())
    assert await world.told(bob) == ["mentioned"] * 2
    assert (await world.inbox(bob))[0].data["excerpt"] == "ask @ada, and @Bob."


async def test_who_has_to_do_with_a_task_is_told_of_comments(world: World) -> None:
    ada, bob, eve, joe = await world.team("Ada", "Bob", "Eve", "Joe")
    task = await world.task(ada, assignee_id=bob)
    await world.comment(eve, task, "first")
    assert await world.told(ada) == ["commented"]
    assert await world.told(bob) == ["assigned", "commented"]
    await world.comment(bob, task, "second, @joe")
    assert await world.told(eve) == ["commented"]
    assert await world.told(ada) == ["commented"] * 2
    assert await world.told(joe) == ["mentioned"]


async def test_of_one_task_one_thing_is_told_for_one_commit(world: World) -> None:
    ada, bob = await world.team("Ada", "Bob")
    await world.task(ada, assignee_id=bob, description="@bob, for you")
    assert await world.told(bob) == ["assigned"]


async def test_who_made_a_task_is_told_that_it_is_done(world: World) -> None:
    ada, bob = await world.team("Ada", "Bob")
    task = await world.task(ada)
    await world.change(bob, task, status="completed")
    assert await world.told(ada) == ["completed"]


async def test_being_added_and_getting_another_role(world: World) -> None:
    await world.team("Ada")
    bob = await world.person("Bob")
    owner = world.member(world.owner)
    await world.services.workspaces.add(owner, "bob@example.com", "viewer", context())
    await world.services.workspaces.change_role(owner, bob, "editor", context())
    assert await world.told(bob) == ["added", "role_changed"]
    assert [one.data["role"] for one in await world.inbox(bob)] == ["editor", "viewer"]
    # Ada's own personal workspace came by itself.
    assert await world.told(world.owner) == []


async def test_who_is_gone_is_told_nothing_and_shown_nothing(world: World) -> None:
    ada, bob = await world.team("Ada", "Bob")
    task = await world.task(ada, assignee_id=bob)
    assert await world.told(bob) == ["assigned"]
    await world.remove(bob)
    # At once, before any consumer has heard of it.
    page = await world.services.notifications.inbox.page(bob, b"")
    assert (page.items, page.unread_count) == ([], 0)
    await world.comment(ada, task, "@bob")
    await world.settle()
    assert await world.waiting(bob) == []
    owner = world.member(world.owner)
    await world.services.workspaces.add(owner, "bob@example.com", "viewer", context())
    assert await world.told(bob) == ["added"]


async def test_who_is_not_active_is_told_nothing(world: World) -> None:
    ada, bob = await world.team("Ada", "Bob")
    change = Change("account", bob, "update", {"is_active": False})
    await world.store.append(Commit(stream_id=bob, actor_id=None, at=now(), changes=[change]))
    await world.task(ada, assignee_id=bob)
    assert await world.told(bob) == []


async def test_imported_history_is_told_to_nobody(world: World) -> None:
    ada, bob = await world.team("Ada", "Bob")
    await _import_task(world, ada, bob, due_at="2020-01-01T00:00:00.000000Z")
    await world.settle()
    # Neither of what was due between then and now; of what will be, everybody is reminded.
    assert await world.planned("notifications.due") == []
    await _import_task(world, ada, bob, due_at="2999-01-01T00:00:00.000000Z")
    assert await world.told(bob) == []
    assert len(await world.planned("notifications.due")) == 2


async def test_an_undone_deletion_tells_nothing_again(world: World) -> None:
    ada, bob = await world.team("Ada", "Bob")
    task = await world.task(ada, assignee_id=bob, description="@bob")
    await world.comment(ada, task, "@bob")
    before = await world.told(bob)
    made = context()
    await world.services.tasks.delete(world.member(ada), task.id, made)
    assert made.seq is not None
    logged = await world.store.log(world.workspace, since=made.seq - 1)
    changes, _ = inverse(logged)
    undoing = Commit(stream_id=world.workspace, actor_id=ada, at=now(), changes=changes)
    await world.store.append(undoing)
    assert await world.told(bob) == before


async def test_many_tasks_at_once_are_told_as_one(world: World) -> None:
    ada, bob = await world.team("Ada", "Bob")
    data = [{"title": f"Task {n}", "assignee_id": bob} for n in range(25)]
    body = {"operations": [{"op": "create", "data": one} for one in data]}
    batch = msgspec.convert(body, Batch)
    await world.services.tasks.batch(world.member(ada), batch.operations, context())
    (one,) = await world.inbox(bob)
    assert (one.kind, one.task_id, one.data["count"]) == ("assigned", None, 25)
    assert one.data["tasks"][0]["title"] == "Task 0"


async def test_other_modules_tell_by_a_job(world: World) -> None:
    ada, bob = await world.team("Ada", "Bob")
    stranger = await world.person("Stranger")
    args = {
        "kind": "webhook_disabled",
        "source": "webhook-1:3",
        "workspace_id": world.workspace,
        "owners": True,
        "user_ids": [stranger],
        "data": {"url": "https://example.org"},
    }
    for _ in range(2):
        await world.store.operate([Jobs.operation(world.workspace, "notifications.tell", args)])
        await world.work()
    assert await world.told(ada) == ["webhook_disabled"]
    assert (await world.told(bob), await world.told(stranger)) == ([], [])


async def test_owners_are_told_of_a_webhook_that_is_switched_off(world: World) -> None:
    ada, bob = await world.team("Ada", "Bob")
    webhook = new_id()
    at = now()
    made = {
        "url": "https://example.org/hook",
        "description": "",
        "events": [],
        "is_active": True,
        "disabled_reason": None,
        "rotated_at": None,
        "created_by": ada,
        "created_at": at,
    }
    off = {"is_active": False, "disabled_reason": "The receiver answered 410 Gone."}
    for change in (
        Change("webhook", webhook, "create", made),
        Change("webhook", webhook, "update", {"is_active": False}),
        Change("webhook", webhook, "update", off),
    ):
        await world.store.append(
            Commit(stream_id=world.workspace, actor_id=None, at=at, changes=[change])
        )
    assert await world.told(ada) == ["webhook_disabled"]
    assert await world.told(bob) == []


async def test_an_erased_person_leaves_nothing(world: World) -> None:
    ada, bob = await world.team("Ada", "Bob")
    await world.prefer(bob, digest_at="08:00")
    await world.task(ada, assignee_id=bob)
    await world.task(bob, assignee_id=ada)
    args = {"kind": "report_ready", "source": "report-1", "user_ids": [bob]}
    await world.store.operate([Jobs.operation(bob, "notifications.tell", args)])
    await world.work()
    await world.services.closing.close(bob, bob, context())
    await world.settle()
    assert await world.waiting(bob) == []
    assert await world.planned("notifications.digest") == []
    assert (await world.services.notifications.choices.get(bob)).version == 0
    assert await world.told(bob) == []
    assert [one.actor_name for one in await world.inbox(ada)] == ["Deleted user"]


async def _import_task(world: World, by: str, assignee: str, **fields: Any) -> str:
    """A task of long ago, as imports write it."""
    change = new_task(
        created_by=by,
        assignee_id=assignee,
        description="@bob",
        created_at="2019-01-01T00:00:00.000000Z",
        **fields,
    )
    await world.store.append(
        Commit(
            stream_id=world.workspace,
            actor_id=by,
            at=now(),
            changes=[change],
            authorship=[(by, change.set["created_at"])],
        )
    )
    return change.id


async def test_several_processes_tell_the_same_people_once(
    world: World, database: Database
) -> None:
    people = [await world.person(name) for name in ("Ada", "Bob", "Eve")]
    for n in range(4):
        world.owner = people[0]
        world.workspace = await world.services.workspaces.create(people[0], f"Team {n}")
        for name in ("bob", "eve"):
            await world.services.workspaces.add(
                world.member(world.owner), f"{name}@example.com", "editor", context()
            )
        for assignee in people[1:] * 2:
            await world.task(people[0], assignee_id=assignee)
    other = await database.open()
    both = [world.consumers, Consumers(other, [world.services.notifications.consumer])]
    await asyncio.gather(*[one.sweep("notifications") for one in both])
    assert await world.store.fetch(_DEAD, {}) == []
    for person in people[1:]:
        assert sorted(await world.told(person)) == ["added"] * 4 + ["assigned"] * 8


async def test_who_comes_back_is_not_told_what_went_before(world: World) -> None:
    ada, bob = await world.team("Ada", "Bob")
    await world.task(ada, assignee_id=bob)
    await world.remove(bob)
    owner = world.member(world.owner)
    await world.services.workspaces.add(owner, "bob@example.com", "editor", context())
    told = await world.told(bob)
    assert "assigned" not in told
    assert told[-1] == "added"
