"""Receivers that never answer have places of their own workspace's only, and fewer from then on."""

import asyncio
from contextlib import AsyncExitStack

import pytest
from tests.modules.webhooks.world import World
from tests.services.commits import member_fields, new_workspace
from tests.services.receiver import Hook, Receiver, Reply

from tidework.bus.jobs import Reschedule
from tidework.http.context import Membership
from tidework.ids import new_id
from tidework.log import Change
from tidework.webhooks.places import AT_ONCE, FOR_ONE_STREAM, FOR_SLOW, IN_ALL, Places


async def test_those_who_never_answer_are_not_everybody_s(world: World, receiver: Receiver) -> None:
    """Seen red without a workspace's own bound: all places were taken for fifteen seconds."""
    for _ in range(IN_ALL // AT_ONCE + 2):
        await world.webhook(receiver.url(), "task.created")
    for _ in range(AT_ONCE + 1):
        await world.task()
    full, over = asyncio.Event(), asyncio.Event()

    async def never(_: Hook) -> Reply:
        if len(receiver.received) == FOR_ONE_STREAM:
            full.set()
        await over.wait()
        return Reply()

    receiver.answer = never
    jobs = world.copy.jobs
    async with Receiver() as well:
        workspace = await new_workspace(world.store)
        owner = Membership(workspace, new_id(), "owner")
        other = World(world.store, workspace, owner, world.copy)
        await other.append(Change("member", owner.user_id, "create", member_fields("owner")))
        await other.webhook(well.url(), "task.created")
        await world.copy.settle()
        jobs.start()
        try:
            await asyncio.wait_for(full.wait(), 30)
            await other.task()
            await world.copy.settle()
            jobs.wake()
            await well.until(1, within_s=10)
            assert len(receiver.received) == FOR_ONE_STREAM
        finally:
            over.set()
            await jobs.close()


async def test_slow_ones_have_a_place_each_and_half_of_them_together() -> None:
    places = Places()
    names = [str(number) for number in range(FOR_SLOW + 1)]
    for name in names:
        async with places.of(name, name) as place:
            place.took = 15.0
    async with AsyncExitStack() as inside:
        for name in names[:-1]:
            await inside.enter_async_context(places.of(name, name))
        for name in (names[0], names[-1]):
            with pytest.raises(Reschedule):
                await inside.enter_async_context(places.of(name, name))
        last = await inside.enter_async_context(places.of("fast", "fast"))
        assert not last.is_slow
    async with places.of(names[-1], names[-1]) as place:
        place.took = 0.1
    async with places.of(names[-1], names[-1]), places.of(names[-1], names[-1]):
        pass
