"""NATS JetStream: a stream that keeps an event until each consumer has acknowledged it.

Imported only where the setting names such a broker.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js import JetStreamContext
from nats.js.api import (
    AckPolicy,
    ConsumerConfig,
    DeliverPolicy,
    RawStreamMsg,
    RetentionPolicy,
    StorageType,
    StreamConfig,
)
from nats.js.errors import NotFoundError

from tidework.bus.broker import (
    DELIVERIES,
    MAX_TAKEN,
    PATIENCE_S,
    BrokerBus,
    DeadLetter,
    Subscription,
    Waiting,
    letter_id,
    readable,
)
from tidework.bus.event import CONTENT_TYPE, Event, encode
from tidework.times import now

STREAM: Final = "TIDEWORK"
DEAD_STREAM: Final = "TIDEWORK-DEAD"
_EVENTS: Final = "tidework.events"
_AGAIN: Final = "tidework.again"
_DEAD: Final = "tidework.dead"

_CONNECT_S: Final = 5
_ASK_S: Final = 5.0
_NS: Final = 1_000_000_000
_HEARTBEAT: Final = "100"
_NOTHING: Final = {"404", "408"}


class NatsBus(BrokerBus):
    """A bus on NATS JetStream.

    An event that is published again within two minutes is dropped by the server (`Nats-Msg-Id`).
    Messages that cannot be read, or were handed over twenty times in vain, go to the stream
    `TIDEWORK-DEAD`. What is missing of streams and consumers is made; what is there stays as it is,
    so that an operator may choose replicas and limits.
    """

    product = "NATS"

    def __init__(self, url: str, *, patience_s: float = PATIENCE_S) -> None:
        super().__init__()
        self._patience_s = patience_s
        self._publishing = _Connection(url, patience_s)
        self._consuming = _Connection(url, patience_s)
        self._known = False

    async def _send(self, events: Sequence[Event]) -> None:
        jetstream = (await self._publishing.get()).jetstream(timeout=_ASK_S)
        if not self._known:
            await _make_streams(jetstream)
            self._known = True
        sent = [
            await jetstream.publish_async(
                f"{_EVENTS}.{event.type}",
                encode(event),
                wait_stall=_ASK_S,
                headers={"Nats-Msg-Id": event.id, "Content-Type": CONTENT_TYPE},
            )
            for event in events
        ]
        await asyncio.gather(*sent)

    async def _forget(self) -> None:
        self._known = False
        await self._publishing.close()

    async def _disconnect(self) -> None:
        await self._forget()
        await self._consuming.close()

    async def _serve(self, subscription: Subscription) -> None:
        client = await self._consuming.get()
        jetstream = client.jetstream(timeout=_ASK_S)
        made = await _make_streams(jetstream)
        name = _durable(subscription.consumer)
        made = await self._make_consumer(jetstream, name) or made
        # Heartbeats come while a request is open; in between this process is busy.
        waiting: Waiting[Msg] = Waiting(subscription, self._patience_s)
        requests = _Requests(client, name, self._patience_s, waiting)
        self._consuming.ends.add(waiting.end)
        inbox = await client.subscribe(requests.inbox, cb=requests.on_message)
        try:
            subscription.ready(made=made)
            while not subscription.closing:
                await requests.keep()
                taken = await waiting.take()
                if taken:
                    await self._take_in(jetstream, subscription, taken)
            await _give_back(waiting.left())
        finally:
            self._consuming.ends.discard(waiting.end)
            with suppress(Exception):
                await inbox.unsubscribe()

    async def _make_consumer(self, jetstream: JetStreamContext, name: str) -> bool:
        try:
            await jetstream.consumer_info(STREAM, name)
        except NotFoundError:
            config = ConsumerConfig(
                durable_name=name,
                deliver_policy=DeliverPolicy.ALL,
                ack_policy=AckPolicy.EXPLICIT,
                ack_wait=2 * self._patience_s,
                max_ack_pending=4 * MAX_TAKEN,
                filter_subjects=[f"{_EVENTS}.>", f"{_AGAIN}.{name}"],
            )
            await jetstream.add_consumer(STREAM, config)
            return True
        return False

    async def _take_in(
        self, jetstream: JetStreamContext, subscription: Subscription, taken: Sequence[Msg]
    ) -> None:
        events, messages = [], []
        for message in taken:
            event = readable(message.data)
            if event is not None and message.metadata.num_delivered <= DELIVERIES:
                events.append(event)
                messages.append(message)
                continue
            why = "cannot be read" if event is None else "handed over too often"
            await _put_aside(jetstream, subscription.consumer, message.data, why)
            await message.term()
        holding = asyncio.create_task(_hold(messages, self._patience_s))
        try:
            done = await subscription.hand_over(events)
        finally:
            holding.cancel()
        if not done:
            await _give_back(messages)
            return
        for message in messages:
            await message.ack()

    async def dead_letters(self, limit: int) -> Sequence[DeadLetter]:
        """See `DeadLetters.dead_letters`."""
        return await self._bounded(self._look(limit))

    async def replay(self, ids: Collection[str] | None) -> int:
        """See `DeadLetters.replay`."""
        return await self._bounded(self._put_back(ids))

    async def _look(self, limit: int) -> list[DeadLetter]:
        found: list[DeadLetter] = []
        jetstream = (await self._publishing.get()).jetstream(timeout=_ASK_S)
        async with _dead_messages(jetstream) as messages:
            async for message in messages:
                if len(found) == limit:
                    break
                found.append(_letter(message))
        return found

    async def _put_back(self, ids: Collection[str] | None) -> int:
        done = 0
        jetstream = (await self._publishing.get()).jetstream(timeout=_ASK_S)
        async with _dead_messages(jetstream) as messages:
            async for message in messages:
                letter = _letter(message)
                if ids is None or letter.id in ids:
                    await jetstream.publish(f"{_AGAIN}.{_durable(letter.consumer)}", letter.body)
                    await jetstream.delete_msg(DEAD_STREAM, message.seq or 0)
                    done += 1
        return done


class _Connection:
    """A connection that is made when it is wanted, and again when it was lost."""

    def __init__(self, url: str, patience_s: float) -> None:
        self._servers = _servers(url)
        self._patience_s = patience_s
        self._client: Client | None = None
        self._lock = asyncio.Lock()
        self.ends: set[Callable[[str], None]] = set()
        """Called with the reason when the connection has been lost."""

    async def get(self) -> Client:
        async with self._lock:
            if self._client is None or self._client.is_closed or not self._client.is_connected:
                await self._drop()
                client = Client()
                try:
                    await client.connect(
                        self._servers,
                        name="tidework",
                        connect_timeout=_CONNECT_S,
                        # Sessions are opened again by us, who then know that there was a gap.
                        allow_reconnect=False,
                        ping_interval=max(1, round(self._patience_s / 3)),
                        max_outstanding_pings=2,
                        error_cb=_unheard,
                        closed_cb=self._ended,
                    )
                except BaseException:
                    # A handshake that failed leaves its connection open.
                    with suppress(Exception):
                        await client.close()
                    raise
                self._client = client
            return self._client

    async def close(self) -> None:
        async with self._lock:
            await self._drop()

    async def _ended(self) -> None:
        for end in list(self.ends):
            end("the connection was lost")

    async def _drop(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            with suppress(Exception):
                async with asyncio.timeout(_CONNECT_S):
                    await client.close()


class _Requests:
    """Requests for messages of a consumer: one is open whenever there is room for what it brings.

    The library's own `fetch` waits until its batch is full or its time is over, once it has one.
    """

    def __init__(self, client: Client, name: str, patience_s: float, waiting: Waiting[Msg]) -> None:
        self.inbox = client.new_inbox()
        self._client = client
        self._waiting = waiting
        self._subject = f"$JS.API.CONSUMER.MSG.NEXT.{STREAM}.{name}"
        self._body = {
            "expires": int(patience_s * 2 * _NS),
            "idle_heartbeat": int(patience_s / 3 * _NS),
        }
        self._open = 0

    async def keep(self) -> None:
        """Ask for more, if nothing is asked for."""
        if not self._open:
            self._open = MAX_TAKEN
            body = json.dumps(self._body | {"batch": MAX_TAKEN}).encode()
            await self._client.publish(self._subject, body, reply=self.inbox)

    async def on_message(self, message: Msg) -> None:
        """A message for the consumer, or word from the server."""
        status = (message.headers or {}).get("Status", "")
        if not status:
            self._open = max(0, self._open - 1)
            self._waiting.put(message)
        elif status == _HEARTBEAT:
            self._waiting.heard()
        elif status in _NOTHING:
            self._open = 0
            self._waiting.heard()
        else:
            said = (message.headers or {}).get("Description", "")
            self._waiting.end(f"NATS answers {status} {said}".rstrip())


def _servers(url: str) -> list[str]:
    scheme, _, rest = url.partition("://")
    login, at, hosts = rest.rpartition("@")
    return [f"{scheme}://{login}{at}{host}" for host in hosts.split(",")]


def _durable(consumer: str) -> str:
    """A consumer's name as NATS takes it."""
    return consumer.replace(".", "_")


async def _unheard(_error: Exception) -> None:
    """What the library says of errors; each comes to whoever asked, too."""


async def _make_streams(jetstream: JetStreamContext) -> bool:
    """Make what is missing; whether the stream of events was."""
    wanted = (
        StreamConfig(
            name=DEAD_STREAM, subjects=[f"{_DEAD}.>"], storage=StorageType.FILE,
            max_msgs=100_000,
        ),
        StreamConfig(
            name=STREAM, subjects=[f"{_EVENTS}.>", f"{_AGAIN}.>"], storage=StorageType.FILE,
            retention=RetentionPolicy.INTEREST, duplicate_window=120,
        ),
    )  # fmt: skip
    made = False
    for config in wanted:
        try:
            await jetstream.stream_info(config.name or "")
            made = False
        except NotFoundError:
            await jetstream.add_stream(config)
            made = True
    return made


async def _hold(messages: Sequence[Msg], patience_s: float) -> None:
    """Keep the server from handing over to others what we still work on."""
    while True:
        await asyncio.sleep(patience_s / 2)
        for message in messages:
            await message.in_progress()


async def _give_back(messages: Sequence[Msg]) -> None:
    for message in messages:
        await message.nak()


async def _put_aside(jetstream: JetStreamContext, consumer: str, body: bytes, why: str) -> None:
    event = readable(body)
    headers = {
        "Tidework-Reason": why,
        "Tidework-At": now(),
        "Tidework-Id": event.id if event else letter_id(body),
        "Tidework-Consumer": consumer,
    }
    await jetstream.publish(f"{_DEAD}.{_durable(consumer)}", body, headers=headers)


@asynccontextmanager
async def _dead_messages(
    jetstream: JetStreamContext,
) -> AsyncIterator[AsyncIterator[RawStreamMsg]]:
    """The messages of the stream of dead letters, oldest first."""
    await _make_streams(jetstream)
    state = (await jetstream.stream_info(DEAD_STREAM)).state

    async def each() -> AsyncIterator[RawStreamMsg]:
        for seq in range(max(1, state.first_seq), state.last_seq + 1):
            with suppress(NotFoundError):
                yield await jetstream.get_msg(DEAD_STREAM, seq)

    yield each()


def _letter(message: RawStreamMsg) -> DeadLetter:
    headers: dict[str, Any] = message.headers or {}
    body = message.data or b""
    return DeadLetter(
        id=headers.get("Tidework-Id") or letter_id(body),
        consumer=headers.get("Tidework-Consumer", ""),
        at=headers.get("Tidework-At", ""),
        reason=headers.get("Tidework-Reason", ""),
        body=body,
    )
