"""The committer: who waits goes out together, in order; nobody waits for ever."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from tests.services.commits import commit, new_task

from tidework.errors import OutcomeUnknown, Unavailable
from tidework.log import Commit, Committed
from tidework.store.committer import Committer, Item, Outcome


class Writer:
    """Writes groups when let go."""

    def __init__(self) -> None:
        self.groups: list[list[str]] = []
        self.gate = asyncio.Event()
        self.fails: dict[str, BaseException] = {}
        self.breaks: BaseException | None = None

    async def write(self, group: Sequence[Item]) -> list[Outcome]:
        names = [item.stream_id for item in group if isinstance(item, Commit)]
        self.groups.append(names)
        await self.gate.wait()
        if self.breaks:
            raise self.breaks
        return [self.fails.get(name) or Committed(name, 1, []) for name in names]


async def turns(count: int = 5) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


def submit(committer: Committer, name: str) -> "asyncio.Task[Any]":
    return asyncio.create_task(committer.submit(commit(name, new_task())))


async def test_what_waits_when_a_group_returns_is_the_next_group() -> None:
    writer = Writer()
    sizes: list[int] = []
    committer = Committer(writer.write, max_group=3, observe=sizes.append)
    first = submit(committer, "0")
    await turns()
    others = [submit(committer, str(i)) for i in range(1, 6)]
    await turns()
    # A lone commit waits for nobody.
    assert writer.groups == [["0"]]
    writer.gate.set()
    done = await asyncio.gather(first, *others)
    assert [committed.stream_id for committed in done] == list("012345")
    assert writer.groups == [["0"], ["1", "2", "3"], ["4", "5"]]
    assert sizes == [1, 3, 2]


async def test_each_gets_its_own_outcome() -> None:
    writer = Writer()
    writer.gate.set()
    writer.fails["1"] = ValueError("mine")
    committer = Committer(writer.write)
    tasks = [submit(committer, str(i)) for i in range(3)]
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [Committed, ValueError, Committed]


async def test_a_caller_that_leaves_leaves_its_commit() -> None:
    writer = Writer()
    committer = Committer(writer.write)
    tasks = [submit(committer, str(i)) for i in range(3)]
    await turns()
    tasks[0].cancel()
    tasks[2].cancel()
    writer.gate.set()
    assert (await tasks[1]).stream_id == "1"
    assert [name for group in writer.groups for name in group] == ["0", "1", "2"]


async def test_too_many_are_refused() -> None:
    writer = Writer()
    committer = Committer(writer.write, max_waiting=2)
    taken = [submit(committer, str(i)) for i in range(1)]
    await turns()
    taken += [submit(committer, str(i)) for i in range(1, 3)]
    await turns()
    with pytest.raises(Unavailable) as caught:
        await submit(committer, "3")
    assert caught.value.code == "overloaded"
    writer.gate.set()
    await asyncio.gather(*taken)
    await submit(committer, "4")


async def test_closing_writes_what_waits_and_refuses_what_comes() -> None:
    writer = Writer()
    committer = Committer(writer.write, max_group=1)
    tasks = [submit(committer, str(i)) for i in range(3)]
    await turns()
    closing = asyncio.create_task(committer.close())
    await turns()
    with pytest.raises(Unavailable) as caught:
        await submit(committer, "late")
    assert caught.value.code == "stopping"
    assert not closing.done()
    writer.gate.set()
    await closing
    assert [task.result().stream_id for task in tasks] == ["0", "1", "2"]


async def test_a_defect_of_the_driver_leaves_nobody_waiting() -> None:
    writer = Writer()
    writer.breaks = RuntimeError("a defect")
    writer.gate.set()
    committer = Committer(writer.write)
    outcomes = await asyncio.gather(
        *(submit(committer, str(i)) for i in range(3)), return_exceptions=True
    )
    assert [str(outcome) for outcome in outcomes] == ["a defect"] * 3
    writer.breaks = None
    assert (await submit(committer, "x")).stream_id == "x"


async def test_the_end_of_the_event_loop_leaves_nobody_waiting() -> None:
    writer = Writer()
    committer = Committer(writer.write, max_group=2)
    tasks = [submit(committer, str(i)) for i in range(4)]
    await turns()
    [running] = [task for task in asyncio.all_tasks() if task.get_name() == "committer"]
    running.cancel()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [OutcomeUnknown] * 2 + [Unavailable] * 2
    await asyncio.gather(running, return_exceptions=True)
