"""Kafka: one topic, whose partitions go by stream, and a consumer group for each consumer.

Imported only where the setting names such a broker.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

import structlog
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import (
    NoOffsetForPartitionError,
    OffsetOutOfRangeError,
    TopicAlreadyExistsError,
    for_code,
)

from tidework.bus.broker import (
    MAX_TAKEN,
    PATIENCE_S,
    BrokerBus,
    DeadLetter,
    SessionLost,
    Subscription,
    letter_id,
    readable,
)
from tidework.bus.event import CONTENT_TYPE, Event, encode
from tidework.times import now

TOPIC: Final = "tidework.events"
DEAD_TOPIC: Final = "tidework.dead"
PARTITIONS: Final = 12
"""Of the topic, where it is missing: so many processes can share a consumer's work."""

_COPIES: Final = 3
_POLL_S: Final = 0.5
_CONNECT_S: Final = 10.0
_DEFAULT_PORT: Final = 9092

_log = structlog.get_logger()


class KafkaBus(BrokerBus):
    """A bus on Kafka.

    Events of a stream have its id as their key, and so come in their order also where many processes
    share the work. Messages that cannot be read go to the topic `tidework.dead`, compacted, where a
    record without a value says that its letter has been replayed. Kafka does not count deliveries.
    Topics that are missing are made.
    """

    product = "Kafka"

    def __init__(self, url: str, *, patience_s: float = PATIENCE_S) -> None:
        super().__init__()
        self._patience_s = patience_s
        # Some that speak Kafka's protocol know no producer ids.
        self._idempotent = _chosen(url).get("idempotence") != "off"
        self._options = {
            **kafka_options(url),
            "request_timeout_ms": int(patience_s * 1000),
            "metadata_max_age_ms": int(patience_s * 1000),
        }
        self._producer: AIOKafkaProducer | None = None
        self._lock = asyncio.Lock()

    async def _send(self, events: Sequence[Event]) -> None:
        producer = await self._get_producer()
        headers = [("content-type", CONTENT_TYPE.encode())]
        sent = [
            await producer.send(TOPIC, encode(event), key=event.streamid.encode(), headers=headers)
            for event in events
        ]
        await asyncio.gather(*sent)

    async def _get_producer(self) -> AIOKafkaProducer:
        async with self._lock:
            if self._producer is None:
                await self._make_topics()
                producer = AIOKafkaProducer(
                    **self._options, acks="all", enable_idempotence=self._idempotent, linger_ms=2
                )
                try:
                    await producer.start()
                except BaseException:
                    await producer.stop()
                    raise
                self._producer = producer
            return self._producer

    async def _forget(self) -> None:
        producer, self._producer = self._producer, None
        if producer is not None:
            with suppress(Exception):
                async with asyncio.timeout(_CONNECT_S):
                    await producer.stop()

    async def _make_topics(self) -> bool:
        """Make what is missing; whether the topic of events was."""
        admin = AIOKafkaAdminClient(**self._options)
        made = False
        try:
            await admin.start()
            there = await admin.list_topics()
            copies = min(_COPIES, len((await admin.describe_cluster())["brokers"]))
            compacted = {"cleanup.policy": "compact"}
            for topic in (
                NewTopic(TOPIC, PARTITIONS, copies),
                NewTopic(DEAD_TOPIC, 1, copies, topic_configs=compacted),
            ):
                if topic.name not in there:
                    answer = await admin.create_topics([topic])
                    _check(answer)
                    made = made or topic.name == TOPIC
        finally:
            await admin.close()
        return made

    async def _serve(self, subscription: Subscription) -> None:
        made = await self._make_topics()
        consumer = AIOKafkaConsumer(
            TOPIC, **self._options,
            group_id=f"tidework.{subscription.consumer}",
            enable_auto_commit=False,
            # What has been lost is said, instead of passed over.
            auto_offset_reset="none",
            session_timeout_ms=int(self._patience_s * 1000),
            heartbeat_interval_ms=int(self._patience_s * 1000 / 5),
            isolation_level="read_committed",
        )  # fmt: skip
        try:
            await consumer.start()
            subscription.ready(made=made)
            await self._consume(consumer, subscription)
        finally:
            with suppress(Exception):
                async with asyncio.timeout(_CONNECT_S):
                    await consumer.stop()

    async def _consume(self, consumer: AIOKafkaConsumer, subscription: Subscription) -> None:
        loop = asyncio.get_running_loop()
        look = loop.time() + self._patience_s
        while not subscription.closing:
            try:
                found = await consumer.getmany(
                    timeout_ms=int(_POLL_S * 1000), max_records=MAX_TAKEN
                )
            except (NoOffsetForPartitionError, OffsetOutOfRangeError):
                await consumer.seek_to_beginning(*await _unplaced(consumer))
                subscription.ready(made=True)
                continue
            if found:
                await self._take_in(consumer, subscription, found)
            elif loop.time() > look:
                look = loop.time() + self._patience_s
                if await self._make_topics() or await _is_ahead(consumer):
                    raise SessionLost("the topic was deleted")

    async def _take_in(
        self,
        consumer: AIOKafkaConsumer,
        subscription: Subscription,
        found: dict[TopicPartition, list[ConsumerRecord[bytes, bytes]]],
    ) -> None:
        events = []
        for record in (one for records in found.values() for one in records):
            only = dict(record.headers).get("only", b"").decode()
            event = readable(record.value or b"")
            if only not in {"", subscription.consumer}:
                continue
            if event is None:
                await self._put_aside(subscription.consumer, record.value or b"")
            else:
                events.append(event)
        if await subscription.hand_over(events):
            await consumer.commit({place: found[place][-1].offset + 1 for place in found})

    async def _put_aside(self, consumer: str, body: bytes) -> None:
        headers = {"consumer": consumer, "at": now(), "reason": "cannot be read"}
        producer = await self._get_producer()
        await producer.send_and_wait(
            DEAD_TOPIC, body, key=f"{letter_id(body)}:{consumer}".encode(), partition=0,
            headers=[(name, value.encode()) for name, value in headers.items()],
        )  # fmt: skip

    async def dead_letters(self, limit: int) -> Sequence[DeadLetter]:
        """See `DeadLetters.dead_letters`."""
        found = await self._bounded(self._look())
        return found[:limit]

    async def replay(self, ids: Collection[str] | None) -> int:
        """See `DeadLetters.replay`."""
        return await self._bounded(self._put_back(ids))

    async def _look(self) -> list[DeadLetter]:
        found: dict[bytes, DeadLetter] = {}
        async with self._dead_records() as records:
            async for record in records:
                key = record.key or b""
                found.pop(key, None)
                if record.value is not None:
                    found[key] = _letter(record)
        return list(found.values())

    async def _put_back(self, ids: Collection[str] | None) -> int:
        producer = await self._get_producer()
        letters = [one for one in await self._look() if ids is None or one.id in ids]
        for letter in letters:
            only = [("only", letter.consumer.encode())]
            await producer.send_and_wait(TOPIC, letter.body, headers=only)
            key = f"{letter.id}:{letter.consumer}".encode()
            await producer.send_and_wait(DEAD_TOPIC, None, key=key, partition=0)
        return len(letters)

    @asynccontextmanager
    async def _dead_records(self) -> AsyncIterator[AsyncIterator[ConsumerRecord[bytes, bytes]]]:
        await self._make_topics()
        place = TopicPartition(DEAD_TOPIC, 0)
        consumer = AIOKafkaConsumer(**self._options, enable_auto_commit=False)
        await consumer.start()
        try:
            consumer.assign([place])
            await consumer.seek_to_beginning(place)
            end = (await consumer.end_offsets([place]))[place]

            async def each() -> AsyncIterator[ConsumerRecord[bytes, bytes]]:
                while await consumer.position(place) < end:
                    yield await consumer.getone()

            yield each()
        finally:
            await consumer.stop()


def kafka_options(url: str) -> dict[str, Any]:
    """What the client is told of kafka://[USER:PASSWORD@]HOST:PORT,HOST:PORT[?tls=on&sasl=PLAIN]."""
    scheme, _, rest = url.partition("://")
    login, _, place = rest.rpartition("@")
    hosts = place.partition("?")[0]
    chosen = _chosen(url)
    tls = chosen.get("tls") == "on"
    options: dict[str, Any] = {
        "bootstrap_servers": [
            host if urlsplit(f"{scheme}://{host}").port else f"{host}:{_DEFAULT_PORT}"
            for host in hosts.rstrip("/").split(",")
        ],
        "client_id": "tidework",
    }
    if tls:
        options |= {"security_protocol": "SSL", "ssl_context": ssl.create_default_context()}
    if login:
        user, _, password = (unquote(part) for part in login.partition(":"))
        options |= {
            "security_protocol": "SASL_SSL" if tls else "SASL_PLAINTEXT",
            "sasl_mechanism": chosen.get("sasl", "SCRAM-SHA-512"),
            "sasl_plain_username": user,
            "sasl_plain_password": password,
        }
    return options


def _chosen(url: str) -> dict[str, str]:
    return dict(parse_qsl(url.partition("?")[2]))


async def _is_ahead(consumer: AIOKafkaConsumer) -> bool:
    """Whether this process has come further than the topic goes, which then was made anew."""
    ends = await consumer.end_offsets(list(consumer.assignment()))
    for place, end in ends.items():
        if await consumer.position(place) > end:
            return True
    return False


async def _unplaced(consumer: AIOKafkaConsumer) -> list[TopicPartition]:
    """The partitions of this process whose place is not known, or not there any more."""
    found = []
    for place in consumer.assignment():
        committed = await consumer.committed(place)
        begins = (await consumer.beginning_offsets([place]))[place]
        ends = (await consumer.end_offsets([place]))[place]
        if committed is None or not begins <= committed <= ends:
            found.append(place)
    return found


def _check(answer: Any) -> None:
    """Raise what the answer to a request for topics says."""
    for topic, code, *_ in answer.topic_errors:
        if code and for_code(code) is not TopicAlreadyExistsError:
            raise SessionLost(f"the topic {topic} cannot be made: {for_code(code).__name__}")


def _letter(record: ConsumerRecord[bytes, bytes]) -> DeadLetter:
    headers = {name: value.decode() for name, value in record.headers}
    return DeadLetter(
        id=(record.key or b"").decode().partition(":")[0],
        consumer=headers.get("consumer", ""),
        at=headers.get("at", ""),
        reason=headers.get("reason", ""),
        body=record.value or b"",
    )
