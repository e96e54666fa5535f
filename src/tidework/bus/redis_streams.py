"""Redis Streams: one stream of all events, and a consumer group on it for each consumer.

Imported only where the setting names such a broker.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final, NamedTuple

import structlog
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ResponseError

from tidework.bus.broker import (
    DELIVERIES,
    MAX_TAKEN,
    PATIENCE_S,
    BrokerBus,
    DeadLetter,
    SessionLost,
    Subscription,
    letter_id,
    readable,
)
from tidework.bus.event import Event, encode
from tidework.ids import new_id
from tidework.settings_values import redis_address
from tidework.times import now

STREAM: Final = "tidework:events"
DEAD_STREAM: Final = "tidework:dead"
_DEAD_LENGTH: Final = 100_000
_CONNECT_S: Final = 5.0
_BLOCK_S: Final = 1.0
# A member of a group that has nothing in hand and was not heard of for so long is forgotten.
_FORGET_AFTER_S: Final = 3600.0
_BODY: Final = "event"

_log = structlog.get_logger()


class _Message(NamedTuple):
    id: bytes
    body: bytes
    only: str
    """The consumer that it is for, where it is not for all."""
    deliveries: int = 1


class RedisBus(BrokerBus):
    """A bus on Redis Streams.

    How durable an event is once published is Redis' setting `appendonly`. What a process that died
    had in hand goes to others after `patience_s`; what every group has acknowledged is trimmed.
    Messages that cannot be read, or were handed over twenty times in vain, go to the stream
    `tidework:dead`.
    """

    product = "Redis"

    def __init__(self, url: str, *, patience_s: float = PATIENCE_S) -> None:
        super().__init__()
        self._url = url
        self._patience_s = patience_s
        self._member = new_id()
        self._asked = False
        self._publishing: Any = None

    async def _send(self, events: Sequence[Event]) -> None:
        redis = self._client()
        if not self._asked:
            await self._ask_whether_it_keeps(redis)
        async with redis.pipeline(transaction=False) as pipe:
            for event in events:
                pipe.xadd(STREAM, {_BODY: encode(event)})
            await pipe.execute()

    async def _ask_whether_it_keeps(self, redis: Any) -> None:
        kept = (await redis.info("persistence")).get("aof_enabled")
        if not kept:
            _log.warning(
                "broker_keeps_nothing", broker=self.product,
                meaning="Events are lost with its process. Set: appendonly yes",
            )  # fmt: skip
        self._asked = True

    def _client(self) -> Any:
        if self._publishing is None:
            self._publishing = _connect(self._url, self._patience_s)
        return self._publishing

    async def _forget(self) -> None:
        redis, self._publishing = self._publishing, None
        if redis is not None:
            with suppress(Exception):
                await redis.aclose()

    async def _serve(self, subscription: Subscription) -> None:
        redis = _connect(self._url, self._patience_s)
        group = _Group(redis, subscription.consumer, self._member, self._patience_s)
        try:
            made = await group.make()
            subscription.ready(made=made)
            while not subscription.closing:
                taken = await group.take()
                if taken:
                    await self._take_in(group, subscription, taken)
            await group.leave()
        except ResponseError as error:
            if "NOGROUP" in str(error):
                raise SessionLost("the stream or the group was deleted") from error
            raise
        finally:
            with suppress(Exception):
                await redis.aclose()

    async def _take_in(
        self, group: "_Group", subscription: Subscription, taken: Sequence[_Message]
    ) -> None:
        events, ids = [], []
        for message in taken:
            event = readable(message.body)
            if message.only not in {"", subscription.consumer}:
                ids.append(message.id)
            elif event is None:
                await group.put_aside(message, "cannot be read")
            elif message.deliveries > DELIVERIES:
                await group.put_aside(message, "handed over too often")
            else:
                events.append(event)
                ids.append(message.id)
        holding = asyncio.create_task(group.hold(ids))
        try:
            done = await subscription.hand_over(events)
        finally:
            holding.cancel()
        if done and ids:
            await group.acknowledge(ids)

    async def dead_letters(self, limit: int) -> Sequence[DeadLetter]:
        """See `DeadLetters.dead_letters`."""
        return await self._bounded(self._look(limit))

    async def replay(self, ids: Collection[str] | None) -> int:
        """See `DeadLetters.replay`."""
        return await self._bounded(self._put_back(ids))

    async def _look(self, limit: int) -> list[DeadLetter]:
        found = await self._client().xrange(DEAD_STREAM, count=limit)
        return [_letter(fields) for _, fields in found]

    async def _put_back(self, ids: Collection[str] | None) -> int:
        redis, done = self._client(), 0
        for entry, fields in await redis.xrange(DEAD_STREAM):
            letter = _letter(fields)
            if ids is None or letter.id in ids:
                async with redis.pipeline(transaction=True) as pipe:
                    pipe.xadd(STREAM, {_BODY: letter.body, "only": letter.consumer})
                    pipe.xdel(DEAD_STREAM, entry)
                    await pipe.execute()
                done += 1
        return done


class _Group:
    """A consumer's group on the stream, and this process in it."""

    def __init__(self, redis: Any, consumer: str, member: str, patience_s: float) -> None:
        self._redis = redis
        self._consumer = consumer
        self._member = member
        self._patience_s = patience_s
        self._next_look = 0.0

    async def make(self) -> bool:
        """Make the group, if it is missing; whether it was."""
        try:
            await self._redis.xgroup_create(STREAM, self._consumer, id="0", mkstream=True)
        except ResponseError as error:
            if "BUSYGROUP" not in str(error):
                raise
            return False
        return True

    async def take(self) -> list[_Message]:
        """The next messages, after a short while at most; what others have left comes first."""
        loop = asyncio.get_running_loop()
        if loop.time() >= self._next_look:
            self._next_look = loop.time() + self._patience_s / 3
            left = await self._claim()
            await self._tidy()
            if left:
                return left
        found = await self._redis.xreadgroup(
            self._consumer, self._member, {STREAM: ">"}, count=MAX_TAKEN,
            block=int(_BLOCK_S * 1000),
        )  # fmt: skip
        entries = found[0][1] if found else []
        return [_message(entry, fields) for entry, fields in entries]

    async def acknowledge(self, ids: Sequence[bytes]) -> None:
        """These are done."""
        await self._redis.xack(STREAM, self._consumer, *ids)

    async def hold(self, ids: Sequence[bytes]) -> None:
        """Keep others from taking over what we still work on; to be cancelled."""
        while ids:
            await asyncio.sleep(self._patience_s / 3)
            await self._redis.xclaim(
                STREAM, self._consumer, self._member, 0, list(ids), justid=True
            )  # fmt: skip

    async def put_aside(self, message: _Message, why: str) -> None:
        """Put a message among the dead, and go on."""
        event = readable(message.body)
        fields: dict[Any, Any] = {
            "id": event.id if event else letter_id(message.body),
            "consumer": self._consumer,
            "at": now(),
            "reason": why,
            _BODY: message.body,
        }
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.xadd(DEAD_STREAM, fields, maxlen=_DEAD_LENGTH, approximate=True)
            pipe.xack(STREAM, self._consumer, message.id)
            await pipe.execute()

    async def leave(self) -> None:
        """Give back what this process has in hand: others find it idle at once."""
        mine = await self._pending(self._member)
        if mine:
            await self._redis.xclaim(
                STREAM, self._consumer, self._member, 0, mine,
                idle=int(2 * self._patience_s * 1000), justid=True,
            )  # fmt: skip
        else:
            await self._redis.xgroup_delconsumer(STREAM, self._consumer, self._member)

    async def _pending(self, member: str) -> list[bytes]:
        found = await self._redis.xpending_range(
            STREAM, self._consumer, "-", "+", 10 * MAX_TAKEN, consumername=member
        )
        return [one["message_id"] for one in found]

    async def _claim(self) -> list[_Message]:
        """Take over what a process that died had in hand."""
        idle = int(self._patience_s * 1000)
        answer = await self._redis.xautoclaim(
            STREAM, self._consumer, self._member, idle, "0-0", count=MAX_TAKEN
        )
        entries = [(entry, fields) for entry, fields in answer[1] if fields]
        if not entries:
            return []
        counts = await self._redis.xpending_range(
            STREAM, self._consumer, entries[0][0], entries[-1][0], 10 * MAX_TAKEN
        )
        times = {one["message_id"]: int(one["times_delivered"]) for one in counts}
        return [
            _message(entry, fields)._replace(deliveries=times.get(entry, 1))
            for entry, fields in entries
        ]

    async def _tidy(self) -> None:
        """Trim what every group has done with, and forget processes that are long gone."""
        oldest: list[tuple[int, int]] = []
        for group in await self._redis.xinfo_groups(STREAM):
            done = _place(group["last-delivered-id"])
            if group["pending"]:
                summary = await self._redis.xpending(STREAM, group["name"])
                first = _place(summary["min"]) if summary["min"] else done
                done = min(done, (first[0], max(0, first[1] - 1)))
            oldest.append(done)
        if oldest:
            # What is kept begins with the last one that is done with: never one too few.
            await self._redis.xtrim(STREAM, minid="{}-{}".format(*min(oldest)), approximate=True)
        for one in await self._redis.xinfo_consumers(STREAM, self._consumer):
            if not one["pending"] and one["idle"] > _FORGET_AFTER_S * 1000:
                await self._redis.xgroup_delconsumer(STREAM, self._consumer, one["name"])


def _connect(url: str, patience_s: float) -> Any:
    address = redis_address(url)
    host, port = address.hosts[0]
    tls: dict[str, Any] = {}
    if address.tls:
        tls = {"ssl": True, "ssl_ca_certs": address.ca_file or None}
    return Redis(
        host=host, port=port, db=address.db, username=address.username, password=address.password,
        socket_connect_timeout=_CONNECT_S, socket_timeout=max(2 * _BLOCK_S, patience_s / 2),
        socket_keepalive=True, retry=Retry(NoBackoff(), 0), protocol=2, **tls,
    )  # fmt: skip


def _message(entry: bytes, fields: Mapping[bytes, bytes]) -> _Message:
    return _Message(entry, fields.get(_BODY.encode(), b""), fields.get(b"only", b"").decode())


def _place(entry: bytes | str) -> tuple[int, int]:
    text = entry.decode() if isinstance(entry, bytes) else entry
    first, _, second = text.partition("-")
    return int(first), int(second or 0)


def _letter(fields: Mapping[bytes, bytes]) -> DeadLetter:
    text = {name.decode(): value for name, value in fields.items()}
    body = text.pop(_BODY, b"")
    return DeadLetter(
        **{name: text.get(name, b"").decode() for name in ("id", "consumer", "at", "reason")},
        body=body,
    )
