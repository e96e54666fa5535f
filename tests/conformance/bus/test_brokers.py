"""What a bus on a broker promises beyond that: it outlives breaks, and what nobody can read."""

import asyncio

import pytest
from tests.services.brokers import Broker
from tests.services.events import Opener, Taker, events
from tests.services.proxy import proxied

from tidework.bus.broker import BrokerBus
from tidework.bus.protocol import Bus
from tidework.errors import Unavailable

WITHIN_S = 30.0
"""What is lost is noticed and mended within this."""


class Gaps:
    """Remembers which consumers were told of a gap."""

    def __init__(self, bus: Bus) -> None:
        self.told: list[str] = []
        self._some = asyncio.Event()
        bus.on_gap(self._tell)

    def _tell(self, consumer: str) -> None:
        self.told.append(consumer)
        self._some.set()

    async def until(self, consumer: str) -> None:
        """Wait until the consumer has been told."""
        async with asyncio.timeout(WITHIN_S):
            while consumer not in self.told:
                self._some.clear()
                await self._some.wait()


async def until_published(bus: Bus, sent: list) -> None:  # type: ignore[type-arg]
    """Publish as the relay does: again and again."""
    async with asyncio.timeout(60):
        while True:
            try:
                return await bus.publish(sent)
            except Unavailable:
                await asyncio.sleep(0.2)


def skip_unless_kept(broker: Broker) -> None:
    """A broker without a disk stands for Kafka here."""
    if not broker.keeps:
        pytest.skip(f"Tansu stands for {broker.name} here, and keeps nothing on disk")


async def test_what_was_published_outlives_a_kill_of_the_broker(
    broker: Broker, open_bus: Opener, name: str
) -> None:
    skip_unless_kept(broker)
    bus = await open_bus(broker)
    taker = Taker()
    await bus.subscribe(name, taker)
    await broker.settled(name)
    await bus.close()
    publisher = await open_bus(broker)
    sent = events(50, streams=5)
    await publisher.publish(sent)
    await broker.kill()
    await broker.start()
    again = await open_bus(broker)
    await again.subscribe(name, taker)
    await taker.until_has(sent)


async def test_after_a_restart_all_goes_on_by_itself_and_a_gap_is_told(
    broker: Broker, open_bus: Opener, name: str
) -> None:
    skip_unless_kept(broker)
    bus = await open_bus(broker)
    taker, gaps = Taker(), Gaps(bus)
    await bus.subscribe(name, taker)
    before = events(10)
    await bus.publish(before)
    await taker.until_has(before)
    await broker.settled(name)
    gaps.told.clear()
    await broker.kill()
    with pytest.raises(Unavailable):
        await bus.publish(events(1))
    await broker.start()
    after = events(10)
    await until_published(bus, after)
    await gaps.until(name)
    await taker.until_has(after, within=WITHIN_S)


async def test_what_a_process_had_in_hand_goes_to_another_when_it_dies(
    broker: Broker, open_bus: Opener, name: str
) -> None:
    if not broker.by_proxy:
        pytest.skip(f"{broker.name} sends its clients to its own address, past a proxy")
    async with proxied(broker.url) as (proxy, address):
        dying = await open_bus(broker, address)
        hanging, heir = Taker(held=True), Taker()
        await dying.subscribe(name, hanging)
        publisher = await open_bus(broker)
        sent = events(20, streams=4)
        await publisher.publish(sent)
        await asyncio.wait_for(hanging.entered.wait(), 20)
        # Whatever it may have said to the broker too early has arrived by then.
        more = events(1)
        await publisher.publish(more)
        proxy.refusing = True
        await proxy.cut_all()
        living = await open_bus(broker)
        await living.subscribe(name, heir)
        await heir.until_has([*sent, *more], within=WITHIN_S)
        hanging.free.set()
        await dying.close()


async def test_a_connection_that_went_silent_is_noticed(
    broker: Broker, open_bus: Opener, name: str
) -> None:
    if not broker.by_proxy:
        pytest.skip(f"{broker.name} sends its clients to its own address, past a proxy")
    async with proxied(broker.url) as (proxy, address):
        bus = await open_bus(broker, address)
        taker = Taker()
        await bus.subscribe(name, taker)
        before = events(5)
        await bus.publish(before)
        await taker.until_has(before)
        proxy.silence()
        asked = asyncio.get_running_loop().time()
        with pytest.raises(Unavailable):
            await bus.publish(events(1))
        assert asyncio.get_running_loop().time() - asked < WITHIN_S
        other = await open_bus(broker)
        sent = events(20, streams=4)
        await other.publish(sent)
        # Those who are connected already stay silent; who connects anew gets through.
        proxy.let_new_ones_pass()
        await taker.until_has(sent, within=WITHIN_S)


async def test_what_was_deleted_is_made_again_and_a_gap_is_told(
    broker: Broker, open_bus: Opener, name: str
) -> None:
    bus = await open_bus(broker)
    taker, gaps = Taker(), Gaps(bus)
    await bus.subscribe(name, taker)
    assert gaps.told in ([name], [])
    before = events(5)
    await bus.publish(before)
    await taker.until_has(before)
    gaps.told.clear()
    await broker.take_away(name)
    await gaps.until(name)
    after = events(5)
    await until_published(bus, after)
    await taker.until_has(after, within=WITHIN_S)


async def test_what_nobody_can_read_is_put_aside_and_holds_nothing_up(
    broker: Broker, open_bus: Opener, name: str
) -> None:
    bus = await open_bus(broker)
    taker = Taker()
    await bus.subscribe(name, taker)
    before, after = events(3), events(3)
    await bus.publish(before)
    garbage = f"{{not for {name}".encode()
    await broker.put(garbage)
    await broker.put(b"\xff\xfe" + name.encode())
    await bus.publish(after)
    await taker.until_has([*before, *after])
    assert isinstance(bus, BrokerBus)
    mine = await until_dead(bus, name, 2)
    assert {one.body for one in mine} == {garbage, b"\xff\xfe" + name.encode()}
    assert all("read" in one.reason and one.id and one.at for one in mine)
    # Replayed, it comes back here: it is as unreadable as before.
    chosen = next(one for one in mine if one.body == garbage)
    assert await bus.replay({chosen.id}) >= 1
    again = await until_dead(bus, name, 2)
    assert {one.body for one in again} == {one.body for one in mine}
    assert await bus.replay({"there is none of this id"}) == 0


async def until_dead(bus: BrokerBus, name: str, count: int) -> list:  # type: ignore[type-arg]
    """The dead letters of a consumer, as soon as there are so many."""
    async with asyncio.timeout(20):
        while True:
            found = [one for one in await bus.dead_letters(10_000) if one.consumer == name]
            if len(found) >= count:
                return found
            await asyncio.sleep(0.1)
