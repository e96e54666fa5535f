"""Look-ups that are joined are never older than their question."""

import asyncio
from collections.abc import Mapping, Sequence

import pytest

from tidework.errors import Unavailable
from tidework.store.batch import Question, ReadBatch, Rows, SeqBatch
from tidework.store.patience import Patience, patience


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


class Table:
    """A database whose rows come when they are let go: each question's own, and the present seq."""

    def __init__(self) -> None:
        self.seq = 1
        self.asked: list[list[Question]] = []
        self.gate = asyncio.Event()
        self.error: Exception | None = None
        self.patience: list[float] = []
        self.sent = asyncio.Semaphore(0)

    async def load(self, questions: Sequence[Question]) -> tuple[Sequence[Rows], float]:
        self.asked.append(list(questions))
        self.sent.release()
        mine = patience.get()
        assert mine is not None
        self.patience.append(mine.left)
        rows = [
            [(self.seq, *question)] if question != ["missing"] else [] for question in questions
        ]
        await self.gate.wait()
        if self.error:
            raise self.error
        return rows, 0.25


async def test_questions_of_the_same_moment_are_asked_together() -> None:
    table = Table()
    table.gate.set()
    batch = ReadBatch(table.load, 5.0)
    answers = await asyncio.gather(*(batch.get([name]) for name in ("a", "missing", "b", "a")))
    assert answers == [([(1, "a")], 0.25), ([], 0.25), ([(1, "b")], 0.25), ([(1, "a")], 0.25)]
    assert table.asked == [[["a"], ["missing"], ["b"], ["a"]]]


async def test_no_question_joins_those_that_have_been_sent() -> None:
    table = Table()
    batch = ReadBatch(table.load, 5.0)
    early = asyncio.create_task(batch.get(["a"]))
    await turns()
    # Whoever asks now has seen seq 2 acknowledged; the answer under way is older.
    table.seq = 2
    late = [asyncio.create_task(batch.get(["a"])) for _ in range(3)]
    await turns()
    assert table.asked == [[["a"]]]
    table.gate.set()
    assert await early == ([(1, "a")], 0.25)
    assert await asyncio.gather(*late) == [([(2, "a")], 0.25)] * 3
    assert table.asked == [[["a"]], [["a"]] * 3]


async def test_nobody_waits_long_behind_a_slow_query() -> None:
    table = Table()
    batch = ReadBatch(table.load, 5.0)
    slow = asyncio.create_task(batch.get(["slow"]))
    await turns()
    late = [asyncio.create_task(batch.get([name])) for name in "ab"]
    async with asyncio.timeout(10):
        await table.sent.acquire()
        await table.sent.acquire()
    assert table.asked == [[["slow"]], [["a"], ["b"]]]
    table.gate.set()
    assert await asyncio.gather(slow, *late) == [([(1, name)], 0.25) for name in ("slow", "a", "b")]


async def test_a_question_whose_caller_leaves_disturbs_no_other() -> None:
    table = Table()
    batch = ReadBatch(table.load, 5.0)
    first = [asyncio.create_task(batch.get([name])) for name in "abc"]
    await turns()
    second = [asyncio.create_task(batch.get([name])) for name in "de"]
    await turns()
    for left in (first[0], second[0]):
        left.cancel()
    await turns()
    table.gate.set()
    assert await asyncio.gather(*first[1:]) == [([(1, "b")], 0.25), ([(1, "c")], 0.25)]
    assert await second[1] == ([(1, "e")], 0.25)
    # What nobody waits for is not asked.
    assert table.asked == [[["a"], ["b"], ["c"]], [["e"]]]
    assert all(task.cancelled() for task in (first[0], second[0]))


async def test_what_may_be_anothers_fault_everybody_asks_alone() -> None:
    table = Table()
    table.error = ValueError("refused")
    table.gate.set()
    batch = ReadBatch(table.load, 5.0)
    assert await asyncio.gather(batch.get(["a"]), batch.get(["b"])) == [None, None]
    with pytest.raises(ValueError, match="refused"):
        await batch.get(["a"])


async def test_a_database_that_is_away_is_so_for_everybody() -> None:
    table = Table()
    table.error = Unavailable("away")
    table.gate.set()
    batch = ReadBatch(table.load, 5.0)
    outcomes = await asyncio.gather(batch.get(["a"]), batch.get(["b"]), return_exceptions=True)
    assert outcomes == [table.error] * 2
    table.error = None
    assert await batch.get(["a"]) == ([(1, "a")], 0.25)


async def test_a_shared_query_has_the_patience_of_the_most_patient() -> None:
    table = Table()
    table.gate.set()
    batch = ReadBatch(table.load, 5.0)

    async def ask(left: float) -> float:
        mine = Patience(left)
        patience.set(mine)
        await batch.get(["a"])
        return mine.left

    left = await asyncio.gather(ask(0.5), ask(2.0), ask(1.0))
    assert table.patience == [2.0]
    # What the database took is no waiting: nobody has spent anything.
    assert left == [0.5, 2.0, 1.0]
