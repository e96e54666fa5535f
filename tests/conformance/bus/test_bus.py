"""What every bus promises (`bus.protocol.Bus`)."""

import asyncio
from typing import Any

from tests.services.brokers import Broker
from tests.services.events import Opener, Taker, events, make


async def test_every_consumer_gets_every_event_and_one_of_its_processes(
    maybe_broker: Broker | None, open_bus: Opener, name: str
) -> None:
    bus = await open_bus(maybe_broker)
    first, second, other = Taker(), Taker(), Taker()
    await bus.subscribe(name, first)
    await bus.subscribe(f"{name}-other", other)
    if maybe_broker is not None:
        beside = await open_bus(maybe_broker)
        await beside.subscribe(name, second)
    sent = events(200, streams=20)
    for at in range(0, 200, 10):
        await bus.publish(sent[at : at + 10])
    await other.until_has(sent)
    # A new name may also be given what was published before.
    wanted = sorted(event.id for event in sent)
    async with asyncio.timeout(20):
        while True:
            if {*first.ids, *second.ids} >= {*wanted}:
                break
            await asyncio.sleep(0.02)
    assert sorted(one for one in (*first.ids, *second.ids) if one in wanted) == wanted
    assert sorted(one for one in other.ids if one in wanted) == wanted


async def test_events_of_a_stream_come_in_their_order_and_whole(
    maybe_broker: Broker | None, open_bus: Opener, name: str
) -> None:
    bus = await open_bus(maybe_broker)
    taker = Taker()
    await bus.subscribe(name, taker)
    sent = events(600, streams=3)
    await asyncio.gather(*[bus.publish([one for one in sent if one.streamid == stream][:100])
                           for stream in {one.streamid for one in sent}])  # fmt: skip
    for at in range(300, 600, 50):
        await bus.publish(sent[at : at + 50])
    await taker.until_has(sent)
    mine = {event.streamid for event in sent}
    for stream, seqs in taker.seqs().items():
        if stream in mine:
            assert seqs == list(range(1, 201))
    by_id = {event.id: event for event in taker.taken}
    assert all(by_id[event.id] == event for event in sent)


async def test_what_was_not_taken_in_comes_again_in_the_same_order(
    maybe_broker: Broker | None, open_bus: Opener, name: str
) -> None:
    bus = await open_bus(maybe_broker)
    taker = Taker(failures=3)
    await bus.subscribe(name, taker)
    sent = events(5)
    await bus.publish(sent)
    await taker.until_has(sent)
    assert taker.calls > 3
    assert taker.seqs()[sent[0].streamid] == [1, 2, 3, 4, 5]


async def test_closing_waits_for_the_handler(
    maybe_broker: Broker | None, open_bus: Opener, name: str
) -> None:
    bus = await open_bus(maybe_broker)
    taker = Taker()
    await bus.subscribe(name, taker)
    before = events(1)
    await bus.publish(before)
    await taker.until_has(before)
    sent = events(1)
    # A broker's topic may still bring what others have published.
    taker.hold(sent)
    await bus.publish(sent)
    await asyncio.wait_for(taker.entered.wait(), 20)
    closing = asyncio.create_task(bus.close())
    await asyncio.sleep(0.2)
    assert not closing.done()
    taker.free.set()
    await asyncio.wait_for(closing, 20)
    assert sent[0].id in taker.ids


async def test_a_publisher_who_is_cancelled_disturbs_nobody(
    maybe_broker: Broker | None, open_bus: Opener, name: str
) -> None:
    bus = await open_bus(maybe_broker)
    taker = Taker()
    await bus.subscribe(name, taker)
    for _ in range(20):
        task = asyncio.create_task(bus.publish(events(20)))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    sent = events(20)
    await bus.publish(sent)
    await taker.until_has(sent)


async def test_an_event_is_carried_as_it_is(
    maybe_broker: Broker | None, open_bus: Opener, name: str
) -> None:
    bus = await open_bus(maybe_broker)
    taker = Taker()
    await bus.subscribe(name, taker)
    odd: dict[str, Any] = {
        "empty": None,
        "nested": {"list": [1, 2.5, "ü\u0000x"]},
        "long": "x" * 70_000,
    }
    sent = [make("00000000-0000-7000-8000-000000000001", 1, **odd)]
    await bus.publish(sent)
    await taker.until_has(sent)
    assert next(one for one in taker.taken if one.id == sent[0].id) == sent[0]
