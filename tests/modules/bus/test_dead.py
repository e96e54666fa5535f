"""What was put aside as dead, and trying it again."""

from collections.abc import Sequence

import pytest
from tests.services.commits import add_task, new_workspace

from tidework.bus.catalogue import LoggedCommit
from tidework.bus.consumers import Consumers
from tidework.bus.dead import DeadEvents
from tidework.bus.jobs import Jobs
from tidework.bus.memory import MemoryBus
from tidework.log import Operation
from tidework.store.protocol import Store


class Picky:
    """A consumer that fails at what it does not like."""

    name = "picky"

    def __init__(self) -> None:
        self.likes_all = False
        self.seen: list[int] = []

    async def handle(self, commit: LoggedCommit) -> Sequence[Operation]:
        if commit.seq == 2 and not self.likes_all:
            raise ValueError("two is one too many")
        self.seen.append(commit.seq)
        args = {"seq": commit.seq}
        return [Jobs.operation(commit.stream_id, "x", args, due_at="2999-01-01T00:00:00.000000Z")]


@pytest.fixture
def picky() -> Picky:
    return Picky()


@pytest.fixture
async def consumers(store: Store, picky: Picky, monkeypatch: pytest.MonkeyPatch) -> Consumers:
    monkeypatch.setattr("tidework.bus.consumers._FIRST_PAUSE_S", 0.001)
    return Consumers(store, [picky])


async def test_what_a_consumer_fails_at_is_listed_and_replayed(
    store: Store, consumers: Consumers, picky: Picky
) -> None:
    stream_id = await new_workspace(store)
    await add_task(store, stream_id)
    await add_task(store, stream_id)
    await consumers.catch_up(stream_id, ["picky"])
    assert picky.seen == [1, 3]
    dead = DeadEvents(store, MemoryBus(), consumers)
    [one] = await dead.oldest(10)
    assert (one.origin, one.consumer, one.stream_id, one.seq) == (
        "consumer", "picky", stream_id, 2,
    )  # fmt: skip
    assert "two is one too many" in one.reason
    assert await dead.replay({one.id}) == (0, {one.id: "two is one too many"})
    assert len(await dead.oldest(10)) == 1
    picky.likes_all = True
    assert await dead.replay({one.id}) == (1, {})
    assert picky.seen == [1, 3, 2]
    assert not await dead.oldest(10)


async def test_all_are_replayed_and_what_is_not_there_is_said(
    store: Store, consumers: Consumers, picky: Picky
) -> None:
    dead = DeadEvents(store, MemoryBus(), consumers)
    for _ in range(3):
        stream_id = await new_workspace(store)
        await add_task(store, stream_id)
        await consumers.catch_up(stream_id, ["picky"])
    picky.likes_all = True
    assert await dead.replay({"nothing"}) == (0, {"nothing": "There is no dead event of this id."})
    assert len(await dead.oldest(2)) == 2
    assert await dead.replay(None) == (3, {})
    assert not await dead.oldest(10)
