"""What follows a commit: relay, consumers and jobs, on every store."""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from sqlalchemy import bindparam, select
from tests.services.commits import commit, new_task, new_workspace
from tests.services.following import mark, marks_of, until
from tests.services.stores import Database

from tidework.bus.catalogue import LoggedCommit
from tidework.bus.consumer import Page
from tidework.bus.consumers import Consumers
from tidework.bus.event import Event
from tidework.bus.memory import MemoryBus
from tidework.bus.pace import Turns
from tidework.bus.relay import Relay
from tidework.errors import NotFound, Unavailable
from tidework.ids import new_id
from tidework.log import Operation
from tidework.store.protocol import Store
from tidework.store.sql.schema import dead_events, inbox, streams
from tidework.store.sql.statement import Statement
from tidework.times import now

DEAD = Statement(
    "dead",
    select(dead_events.c.id, dead_events.c.consumer, dead_events.c.seq).where(
        dead_events.c.stream_id == bindparam("stream_id")
    ),
)
STREAM = Statement(
    "stream_state",
    select(streams.c.seq, streams.c.relayed, streams.c.pending).where(
        streams.c.stream_id == bindparam("stream_id")
    ),
)
PLACE = Statement("place", select(inbox.c.seq).where(inbox.c.stream_id == bindparam("stream_id")))


class Marking:
    """A consumer whose effect may happen once only, and which notes what it was given."""

    name = "marking"

    def __init__(self, fail: Callable[[LoggedCommit], bool] = lambda _: False) -> None:
        self.given: list[int] = []
        self.fail = fail

    async def handle(self, commit: LoggedCommit) -> Sequence[Operation]:
        self.given.append(commit.seq)
        await asyncio.sleep(0)
        if self.fail(commit):
            raise ValueError("this consumer cannot")
        return [mark(commit.stream_id, commit.seq)]


class Idle:
    """A consumer that nothing follows for."""

    name = "idle"

    def __init__(self) -> None:
        self.given: list[int] = []

    async def handle(self, commit: LoggedCommit) -> Sequence[Operation]:
        self.given.append(commit.seq)
        return ()


async def write_tasks(store: Store, count: int) -> str:
    stream = await new_workspace(store)
    for _ in range(count):
        await store.append(commit(stream, new_task()))
    return stream


async def state(store: Store, stream: str) -> tuple[Any, ...]:
    return tuple((await store.fetch(STREAM, {"stream_id": stream}))[0])


# --- consumers ---------------------------------------------------------------------------------


async def test_every_commit_has_its_effect_once_however_many_take_it_in(
    database: Database,
) -> None:
    stores = [await database.open() for _ in range(3)]
    stream = await write_tasks(stores[0], 30)
    takers = [Consumers(store, [Marking()]) for store in stores]
    await asyncio.gather(*[taker.catch_up(stream, ["marking"]) for taker in takers for _ in "ab"])
    assert await marks_of(stores[0], stream) == list(range(1, 32))
    assert not await stores[0].fetch(DEAD, {"stream_id": stream})


async def test_commits_come_in_order_and_a_second_delivery_gives_nothing(store: Store) -> None:
    stream = await write_tasks(store, 12)
    consumer = Marking()
    consumers = Consumers(store, [consumer])
    await consumers.catch_up(stream, ["marking"])
    await consumers.catch_up(stream, ["marking"])
    assert consumer.given == list(range(1, 14))


async def test_what_a_consumer_cannot_take_in_is_put_aside_and_can_be_replayed(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tidework.bus.consumers._FIRST_PAUSE_S", 0.001)
    stream = await write_tasks(store, 4)
    consumer = Marking(fail=lambda one: one.seq == 3)
    consumers = Consumers(store, [consumer])
    await consumers.catch_up(stream, ["marking"])
    assert await marks_of(store, stream) == [1, 2, 4, 5]
    ((dead_id, name, seq),) = await store.fetch(DEAD, {"stream_id": stream})
    assert (name, seq) == ("marking", 3)

    with pytest.raises(ValueError, match="cannot"):
        await consumers.replay(stream, dead_id)
    consumer.fail = lambda _: False
    await consumers.replay(stream, dead_id)
    assert await marks_of(store, stream) == [1, 2, 3, 4, 5]
    assert not await store.fetch(DEAD, {"stream_id": stream})


class Paged(Marking):
    """The same, for several commits at once."""

    def __init__(self, name: str, fail: Callable[[LoggedCommit], bool] = lambda _: False) -> None:
        super().__init__(fail)
        self.name = name

    async def handle_page(self, commits: Sequence[LoggedCommit]) -> Sequence[Operation]:
        if any(self.fail(one) for one in commits):
            raise ValueError("this consumer cannot")
        self.given += [one.seq for one in commits]
        offset = 1000 * len(self.name)
        return [mark(one.stream_id, offset + one.seq) for one in commits]


async def places(store: Store, stream: str) -> list[int]:
    return sorted(row[0] for row in await store.fetch(PLACE, {"stream_id": stream}))


async def test_what_one_consumer_cannot_take_in_is_taken_in_by_the_others(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tidework.bus.consumers._FIRST_PAUSE_S", 0.001)
    stream = await write_tasks(store, 4)
    well, ill = Paged("a"), Paged("bb", fail=lambda one: one.seq == 3)
    await Consumers(store, [ill, well]).catch_up(stream, ["bb", "a"])
    good = [1001, 1002, 1003, 1004, 1005]
    assert await marks_of(store, stream) == [*good, 2001, 2002, 2004, 2005]
    assert well.given == [1, 2, 3, 4, 5]
    assert [tuple(row[1:]) for row in await store.fetch(DEAD, {"stream_id": stream})] == [("bb", 3)]
    assert await places(store, stream) == [5, 5]


async def test_what_cannot_be_written_for_one_consumer_is_written_for_the_others(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tidework.bus.consumers._FIRST_PAUSE_S", 0.001)
    stream = await write_tasks(store, 3)
    await Consumers(store, [Stubborn(), Paged("a")]).catch_up(stream, ["stubborn", "a"])
    assert await marks_of(store, stream) == [1, 3, 4, 1001, 1002, 1003, 1004]
    assert [tuple(row[1:]) for row in await store.fetch(DEAD, {"stream_id": stream})] == [
        ("stubborn", 2)
    ]


async def test_consumers_of_several_processes_each_take_in_what_the_others_have_not(
    database: Database,
) -> None:
    stores = [await database.open() for _ in range(2)]
    stream = await write_tasks(stores[0], 1)
    takers = [Consumers(store, [Paged("a"), Idle()]) for store in stores]
    for turn in range(6):
        # What each of them knows of the places is what it left, and old by now.
        await takers[turn % 2].catch_up(stream, ["a", "idle"])
        await takers[turn % 2].write_places()
        await stores[0].append(commit(stream, new_task()))
    assert await marks_of(stores[0], stream) == [1000 + seq for seq in range(1, 8)]
    assert await places(stores[0], stream) == [7, 7]
    assert not await stores[0].fetch(DEAD, {"stream_id": stream})


async def test_a_page_that_is_handed_over_is_not_read_again(store: Store) -> None:
    stream = await write_tasks(store, 3)
    page = await store.log(stream)
    consumer = Paged("a")
    consumers = Consumers(store, [consumer])

    async def no_log(*_: Any, **__: Any) -> Any:
        raise AssertionError("the log was read")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store, "log", no_log)
        read = consumers.reader(["a"])
        await read([page[:2], page[2:]])
        await read([page])
    assert consumer.given == [1, 2, 3, 4]


@pytest.mark.parametrize("given", [[(2, 4)], [(0, 1), (3, 4)], [(3, 4), (1, 2)], [(1, 4), (0, 2)]])
async def test_pages_with_a_gap_or_out_of_order_lose_nothing(
    store: Store, given: list[tuple[int, int]]
) -> None:
    stream = await write_tasks(store, 3)
    page = await store.log(stream)
    consumer = Paged("a")
    await Consumers(store, [consumer]).reader(["a"])([page[begin:end] for begin, end in given])
    assert consumer.given == [1, 2, 3, 4]


async def test_a_store_that_is_away_is_nobodys_fault(store: Store) -> None:
    stream = await write_tasks(store, 1)

    class Away(Marking):
        async def handle(self, commit: LoggedCommit) -> Sequence[Operation]:
            raise Unavailable("gone")

    with pytest.raises(Unavailable):
        await Consumers(store, [Away()]).catch_up(stream, ["marking"])
    assert not await store.fetch(DEAD, {"stream_id": stream})
    await Consumers(store, [Marking()]).catch_up(stream, ["marking"])
    assert await marks_of(store, stream) == [1, 2]


async def test_places_where_nothing_follows_are_written_down_later(store: Store) -> None:
    stream = await write_tasks(store, 5)
    consumer = Idle()
    consumers = Consumers(store, [consumer])
    await consumers.catch_up(stream, ["idle"])
    await consumers.catch_up(stream, ["idle"])
    assert consumer.given == [1, 2, 3, 4, 5, 6]
    assert await store.fetch(PLACE, {"stream_id": stream}) == []
    await consumers.write_places()
    assert [row[0] for row in await store.fetch(PLACE, {"stream_id": stream})] == [6]


async def test_consumers_at_different_places_each_get_what_they_lack(store: Store) -> None:
    stream = await write_tasks(store, 3)
    idle, marking = Idle(), Marking()
    consumers = Consumers(store, [idle, marking])
    await consumers.catch_up(stream, ["idle"])
    await store.append(commit(stream, new_task()))
    await consumers.catch_up(stream, ["idle", "marking"])
    assert idle.given == [1, 2, 3, 4, 5]
    assert marking.given == [1, 2, 3, 4, 5]


async def test_a_sweep_finds_what_was_missed_in_any_stream(store: Store) -> None:
    found = [await write_tasks(store, count) for count in (0, 2, 5)]
    consumers = Consumers(store, [Marking()])
    assert await consumers.sweep("marking") >= 3
    assert [len(await marks_of(store, stream)) for stream in found] == [1, 3, 6]
    assert await consumers.sweep("marking") == 0


async def test_a_sweep_takes_its_turns_and_waits_for_nothing_else(store: Store) -> None:
    found = [await write_tasks(store, 1) for _ in range(3)]
    asked: list[float] = []

    def rate() -> float:
        asked.append(1000.0)
        return asked[-1]

    consumers = Consumers(store, [Paged("a"), Idle()], turns=Turns(rate))
    swept = await consumers.sweep("a", ["a", "idle"])
    assert len(asked) == swept >= 3
    await consumers.write_places()
    # The other one has come along.
    assert [await places(store, stream) for stream in found] == [[2, 2]] * 3


# --- relay -------------------------------------------------------------------------------------


class Recorded:
    """What a bus was given, by stream."""

    def __init__(self) -> None:
        self.seqs: dict[str, list[int]] = {}

    async def take_in(self, events: Sequence[Event]) -> None:
        for event in events:
            self.seqs.setdefault(event.streamid, []).append(event.seq)

    def first_times(self, stream: str) -> list[int]:
        return list(dict.fromkeys(self.seqs.get(stream, [])))


@contextlib.asynccontextmanager
async def relaying(store: Store, recorded: Recorded) -> Any:
    bus = MemoryBus()
    await bus.subscribe("test", recorded.take_in)
    relay = Relay(store, bus)
    relay.start()
    try:
        yield relay
    finally:
        await relay.close()
        await bus.close()


async def test_the_relay_publishes_each_stream_in_order_and_takes_the_mark_away(
    store: Store,
) -> None:
    recorded = Recorded()
    found = [await write_tasks(store, 5) for _ in range(4)]
    async with relaying(store, recorded) as relay:
        await until(
            lambda: all(len(recorded.first_times(one)) == 6 for one in found), "not published"
        )
        for one in found:
            await store.append(commit(one, new_task()))
        relay.wake(found)
        await until(lambda: all(len(recorded.first_times(one)) == 7 for one in found), "not woken")
    assert all(recorded.first_times(one) == list(range(1, 8)) for one in found)
    for one in found:
        assert await state(store, one) == (7, 7, False)


async def test_a_commit_after_the_relay_looked_is_pending_again(store: Store) -> None:
    stream = await write_tasks(store, 1)
    noted = Operation("streams", "relayed", {"stream_id": stream}, {"relayed": 2})
    await store.operate([noted])
    assert await state(store, stream) == (2, 2, False)
    await store.append(commit(stream, new_task()))
    await store.operate([noted])
    assert await state(store, stream) == (3, 2, True)


async def test_the_relay_hands_over_what_it_reads_to_those_in_its_process(store: Store) -> None:
    pages: list[list[int]] = []

    async def take_in(given: Sequence[Page]) -> None:
        pages.extend([change.seq for change in page] for page in given)

    recorded, stream = Recorded(), await write_tasks(store, 4)
    bus = MemoryBus()
    await bus.subscribe("test", recorded.take_in)
    await bus.subscribe_pages("pages", take_in)
    relay = Relay(store, bus)
    relay.start()
    await until(lambda: recorded.first_times(stream) == [1, 2, 3, 4, 5], "not published")
    await until(lambda: [1, 2, 3, 4, 5] in pages, "not handed over")
    await relay.close()
    await bus.close()


async def test_relays_share_the_streams_and_take_over_what_one_leaves(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tidework.bus.relay._BEAT_S", 0.1)
    monkeypatch.setattr("tidework.bus.relay._LIFE_S", 3.0)
    stores = [await database.open() for _ in range(2)]
    recorded = [Recorded(), Recorded()]
    async with relaying(stores[0], recorded[0]) as first:
        async with relaying(stores[1], recorded[1]) as second:
            await until(lambda: len(first._living) == 2 == len(second._living), "not acquainted")
            found = [await write_tasks(stores[0], 1) for _ in range(20)]
            both = lambda: [one for r in recorded for one in found if r.first_times(one) == [1, 2]]  # noqa: E731
            await until(lambda: len(both()) == 20, "not all published once")
            assert all(any(r.seqs.get(one) for one in found) for r in recorded)
            # Without a word, as by SIGKILL.
            second._task.cancel()
        for one in found:
            await stores[0].append(commit(one, new_task()))
        await until(
            lambda: all(recorded[0].first_times(one)[-1:] == [3] for one in found),
            "the other's streams are not taken over",
        )


class Stubborn:
    """A consumer of pages whose own rows contend at one commit, however often it is asked."""

    name = "stubborn"

    async def handle_page(self, commits: Sequence[LoggedCommit]) -> Sequence[Operation]:
        made = [mark(one.stream_id, one.seq) for one in commits]
        if any(one.seq == 2 for one in commits):
            nobody = {"stream_id": commits[0].stream_id, "id": new_id()}
            made.append(Operation("jobs", "delete", nobody, rows=1))
        return made


async def test_a_page_that_always_contends_does_not_hold_up_its_stream(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tidework.bus.consumers._FIRST_PAUSE_S", 0.001)
    stream = await write_tasks(store, 3)
    await Consumers(store, [Stubborn()]).catch_up(stream, ["stubborn"])
    assert await marks_of(store, stream) == [1, 3, 4]
    assert [row[2] for row in await store.fetch(DEAD, {"stream_id": stream})] == [2]


async def test_what_no_consumer_here_knows_stays_dead(store: Store) -> None:
    stream, dead_id = await write_tasks(store, 1), new_id()
    key = {"stream_id": stream, "id": dead_id}
    dead = {"consumer": "elsewhere", "seq": 2, "error": "no", "created_at": now()}
    await store.operate([Operation("dead_events", "insert", key, dead)])
    with pytest.raises(NotFound, match="elsewhere"):
        await Consumers(store, [Marking()]).replay(stream, dead_id)
    assert len(await store.fetch(DEAD, {"stream_id": stream})) == 1
