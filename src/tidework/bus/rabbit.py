"""RabbitMQ: a topic exchange, and for each consumer a quorum queue bound to all that goes through it.

Imported only where the setting names such a broker.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

import aio_pika
from aio_pika.abc import AbstractChannel, AbstractConnection, AbstractExchange
from aio_pika.abc import AbstractIncomingMessage as Incoming
from aio_pika.exceptions import ChannelNotFoundEntity, ChannelPreconditionFailed, PublishError
from aiormq.abc import AbstractChannel as RawChannel
from aiormq.abc import DeliveredMessage

from tidework.bus.broker import (
    DELIVERIES,
    MAX_TAKEN,
    PATIENCE_S,
    BrokerBus,
    DeadLetter,
    SessionLost,
    Subscription,
    Waiting,
    letter_id,
    readable,
)
from tidework.bus.event import CONTENT_TYPE, Event, encode
from tidework.errors import Unavailable

EXCHANGE: Final = "tidework.events"
DEAD: Final = "tidework.dead"
"""The exchange and the queue of dead letters."""

_CONNECT_S: Final = 5.0
_PREFETCH: Final = 2 * MAX_TAKEN


def queue_name(consumer: str) -> str:
    """The queue of a consumer."""
    return f"tidework.{consumer}"


class RabbitBus(BrokerBus):
    """A bus on RabbitMQ.

    An event is published with a confirmation, and refused as long as no consumer has a queue: then
    nobody would ever get it. Messages that cannot be read, or were handed over twenty times in vain,
    go to the queue `tidework.dead`.
    """

    product = "RabbitMQ"

    def __init__(self, url: str, *, patience_s: float = PATIENCE_S) -> None:
        super().__init__()
        # The library gives up on a peer after three times this and three seconds.
        heartbeat = max(1, round(patience_s / 3 - 1))
        address = f"{url}{'&' if '?' in url else '?'}heartbeat={heartbeat}"
        self._publishing = _Connection(address)
        # A broker that runs out of room blocks the connections of those who publish.
        self._consuming = _Connection(address)
        self._channel: AbstractChannel | None = None
        self._exchange: AbstractExchange | None = None
        self._lock = asyncio.Lock()

    async def _send(self, events: Sequence[Event]) -> None:
        exchange = await self._open_exchange()
        sent = [
            exchange.publish(
                aio_pika.Message(
                    encode(event),
                    content_type=CONTENT_TYPE,
                    delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
                    message_id=event.id,
                    type=event.type,
                ),
                event.type,
                mandatory=True,
            )
            for event in events
        ]
        for answer in await asyncio.gather(*sent, return_exceptions=True):
            if isinstance(answer, PublishError):
                raise Unavailable(
                    "No consumer has a queue yet. Start one: tidework worker",
                    reason="RabbitMQ has nowhere to put the events",
                )
            if isinstance(answer, asyncio.CancelledError):
                # What the library says of a connection that was lost meanwhile.
                raise SessionLost("the connection was lost")
            if isinstance(answer, BaseException):
                raise answer

    async def _open_exchange(self) -> AbstractExchange:
        async with self._lock:
            if self._exchange is None or self._channel is None or self._channel.is_closed:
                connection = await self._publishing.get()
                self._channel = await connection.channel(
                    publisher_confirms=True, on_return_raises=True
                )
                self._exchange = await _declare_exchange(self._channel)
            return self._exchange

    async def _forget(self) -> None:
        self._exchange = None
        await self._publishing.close()

    async def _disconnect(self) -> None:
        await self._forget()
        await self._consuming.close()

    async def _serve(self, subscription: Subscription) -> None:
        async with asyncio.timeout(2 * _CONNECT_S):
            connection = await self._consuming.get()
            made = await _declare_queue(connection, subscription.consumer)
            channel = await connection.channel(publisher_confirms=False)
        try:
            waiting: Waiting[DeliveredMessage] = Waiting(subscription)
            channel.close_callbacks.add(lambda *_: waiting.end("the connection was lost"))
            underlay = await channel.get_underlay_channel()
            underlay.on_consumer_cancel_callbacks.add(
                lambda _: waiting.end("the queue was deleted")
            )
            await channel.set_qos(prefetch_count=_PREFETCH, timeout=_CONNECT_S)
            # Directly: the library's own messages cost as much again as receiving them.
            await underlay.basic_consume(
                queue_name(subscription.consumer), _into(waiting), timeout=_CONNECT_S
            )
            subscription.ready(made=made)
            while not subscription.closing:
                await _take_in(underlay, subscription, await waiting.take())
        finally:
            # What was not acknowledged goes back into the queue.
            with suppress(Exception):
                async with asyncio.timeout(_CONNECT_S):
                    await channel.close()

    async def dead_letters(self, limit: int) -> Sequence[DeadLetter]:
        """See `DeadLetters.dead_letters`."""
        return await self._bounded(self._look(limit))

    async def replay(self, ids: Collection[str] | None) -> int:
        """See `DeadLetters.replay`."""
        return await self._bounded(self._put_back(ids))

    async def _look(self, limit: int) -> list[DeadLetter]:
        found: list[DeadLetter] = []
        async with self._dead_queue() as (_, queue):
            while len(found) < limit and (message := await queue.get(fail=False)):
                found.append(_letter(message))
        return found

    async def _put_back(self, ids: Collection[str] | None) -> int:
        done = 0
        async with self._dead_queue() as (channel, queue):
            while message := await queue.get(fail=False):
                letter = _letter(message)
                if ids is not None and letter.id not in ids:
                    continue
                again = aio_pika.Message(
                    message.body,
                    content_type=message.content_type,
                    delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
                    message_id=message.message_id or letter.id,
                )
                await channel.default_exchange.publish(again, queue_name(letter.consumer))
                await message.ack()
                done += 1
        return done

    @asynccontextmanager
    async def _dead_queue(self) -> AsyncIterator[tuple[AbstractChannel, Any]]:
        connection = await self._publishing.get()
        channel = await connection.channel(publisher_confirms=True, on_return_raises=True)
        try:
            yield channel, await _declare_dead(channel)
        finally:
            await channel.close()


class _Connection:
    """A connection that is made when it is wanted, and again when it was lost."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: AbstractConnection | None = None
        self._lock = asyncio.Lock()

    async def get(self) -> AbstractConnection:
        async with self._lock:
            if self._connection is None or _is_lost(self._connection):
                self._connection = await aio_pika.connect(self._url, timeout=_CONNECT_S)
            return self._connection

    async def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(Exception):
                async with asyncio.timeout(_CONNECT_S):
                    await connection.close()


def _is_lost(connection: AbstractConnection) -> bool:
    # The connection itself says so only when we have closed it.
    transport = connection.transport
    return connection.is_closed or transport is None or transport.connection.is_closed


def _into(
    waiting: Waiting[DeliveredMessage],
) -> Callable[[DeliveredMessage], Coroutine[Any, Any, None]]:
    async def put(message: DeliveredMessage) -> None:
        waiting.put(message)

    return put


async def _take_in(
    channel: RawChannel, subscription: Subscription, taken: Sequence[DeliveredMessage]
) -> None:
    found = [(message, readable(message.body)) for message in taken]
    for message, event in found:
        if event is None:
            await channel.basic_reject(_tag(message), requeue=False)
    readables = [message for message, event in found if event is not None]
    events = [event for _, event in found if event is not None]
    if events and await subscription.hand_over(events):
        await channel.basic_ack(_tag(readables[-1]), multiple=True)


def _tag(message: DeliveredMessage) -> int:
    tag = message.delivery_tag
    assert tag is not None
    return tag


async def _declare_exchange(channel: AbstractChannel) -> AbstractExchange:
    return await channel.declare_exchange(
        EXCHANGE, aio_pika.ExchangeType.TOPIC, durable=True, timeout=_CONNECT_S
    )


async def _declare_dead(channel: AbstractChannel) -> Any:
    exchange = await channel.declare_exchange(
        DEAD, aio_pika.ExchangeType.FANOUT, durable=True, timeout=_CONNECT_S
    )
    # No quorum queue: looking at a message counts as a delivery, of which those allow only some.
    queue = await channel.declare_queue(DEAD, durable=True, timeout=_CONNECT_S)
    await queue.bind(exchange, timeout=_CONNECT_S)
    return queue


async def _declare_queue(connection: AbstractConnection, consumer: str) -> bool:
    """Make what a consumer needs; whether its queue was not there."""
    name = queue_name(consumer)
    made = False
    # What is not there, or is otherwise, closes the channel that asked for it.
    asking = await connection.channel(publisher_confirms=False)
    try:
        await asking.declare_queue(name, passive=True, timeout=_CONNECT_S)
    except ChannelNotFoundEntity:
        made = True
    finally:
        with suppress(Exception):
            await asking.close()
    arguments: dict[str, Any] = {
        "x-queue-type": "quorum",
        "x-delivery-limit": DELIVERIES,
        "x-dead-letter-exchange": DEAD,
    }
    channel = await connection.channel(publisher_confirms=False)
    try:
        exchange = await _declare_exchange(channel)
        await _declare_dead(channel)
        queue = await channel.declare_queue(
            name, durable=True, arguments=arguments, timeout=_CONNECT_S
        )
        await queue.bind(exchange, routing_key="#", timeout=_CONNECT_S)
    except ChannelPreconditionFailed as error:
        raise SessionLost(
            f"the queue {name} or an exchange is there with other properties ({error});"
            " delete it, it is made anew"
        ) from error
    finally:
        with suppress(Exception):
            await channel.close()
    return made


def _letter(message: Incoming) -> DeadLetter:
    deaths: Any = message.headers.get("x-death") or [{}]
    death = deaths[0]
    queue = str(message.headers.get("x-first-death-queue") or death.get("queue", ""))
    at = death.get("time")
    reason = str(death.get("reason", ""))
    return DeadLetter(
        id=message.message_id or letter_id(message.body),
        consumer=queue.removeprefix("tidework."),
        at=at.isoformat() if at is not None else "",
        reason={"rejected": "cannot be read", "delivery_limit": "handed over too often"}.get(
            reason, reason
        ),
        body=message.body,
    )
