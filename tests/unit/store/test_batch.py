"""Look-ups that are joined are never older than their question."""

import asyncio
from collections.abc import Mapping, Sequence

import pytest

from tidework.errors import Unavailable
from tidework.store.batch import SeqBatch


class Source:
    """A database whose answers come when they are let go."""

    def __init__(self) -> None:
        self.seq = 1
        self.asked: list[set[str]] = []
        self.gate = asyncio.Event()
        self.error: Exception | None = None

    async def load(self, streams: Sequence[str]) -> Mapping[str, int]:
        self.asked.append(set(streams))
        found = {stream: self.seq for stream in streams if stream != "missing"}
        await self.gate.wait()
        if self.error:
            raise self.error
        return found


async def turns(count: int = 5) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_those_who_wait_at_the_same_moment_share_one_query() -> None:
    source = Source()
    source.gate.set()
    batch = SeqBatch(source.load)
    answers = await asyncio.gather(
        batch.get(["a"]), batch.get(["b", "a"]), batch.get(["missing"]), batch.get([])
    )
    assert answers == [{"a": 1}, {"b": 1, "a": 1}, {}, {}]
    assert source.asked == [{"a", "b", "missing"}]


async def test_nobody_joins_a_query_that_has_been_sent() -> None:
    source = Source()
    batch = SeqBatch(source.load)
    early = asyncio.create_task(batch.get(["a"]))
    await turns()
    assert source.asked == [{"a"}]
    # Whoever asks now has seen seq 2 acknowledged; the answer under way is older.
    source.seq = 2
    late = [asyncio.create_task(batch.get(["a"])) for _ in range(3)]
    await turns()
    assert source.asked == [{"a"}]
    source.gate.set()
    assert await early == {"a": 1}
    assert await asyncio.gather(*late) == [{"a": 2}] * 3
    assert source.asked == [{"a"}, {"a"}]


async def test_one_who_leaves_does_not_take_the_others_along() -> None:
    source = Source()
    batch = SeqBatch(source.load)
    tasks = [asyncio.create_task(batch.get([name])) for name in "abc"]
    await turns()
    tasks[0].cancel()
    await turns()
    source.gate.set()
    assert await asyncio.gather(*tasks[1:]) == [{"b": 1}, {"c": 1}]
    with pytest.raises(asyncio.CancelledError):
        await tasks[0]


async def test_a_failure_is_everybodys_and_nobodys_after_that() -> None:
    source = Source()
    source.error = OSError("away")
    source.gate.set()
    batch = SeqBatch(source.load)
    outcomes = await asyncio.gather(batch.get(["a"]), batch.get(["b"]), return_exceptions=True)
    assert outcomes == [source.error] * 2
    source.error = None
    assert await batch.get(["a"]) == {"a": 1}


async def test_who_waits_too_long_is_told_and_the_query_is_left_to_end() -> None:
    source = Source()
    batch = SeqBatch(source.load, limit=0.05)
    first = asyncio.create_task(batch.get(["a"]))
    await turns()
    second = asyncio.create_task(batch.get(["b"]))
    for slow in (first, second):
        with pytest.raises(Unavailable):
            await asyncio.wait_for(slow, 10)
    # Who comes now would wait in vain.
    with pytest.raises(Unavailable):
        await batch.get(["c"])
    # The second was never sent: nobody waits for it any more.
    assert source.asked == [{"a"}]
    source.seq = 2
    source.gate.set()
    await turns()
    assert await asyncio.wait_for(batch.get(["a"]), 10) == {"a": 2}
    assert source.asked == [{"a"}, {"a"}]
